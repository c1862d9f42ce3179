-- The ledger is append-only: nobody may update, delete or truncate, but for audit.erase_history, which is the owner's. Admin reads
-- all of it, staff the movements of their own warehouses.
alter table stock.stock_movements enable row level security;
alter table stock.stock_movements force row level security;

drop policy if exists stock_movements_select_own_region on stock.stock_movements;
create policy stock_movements_select_own_region on stock.stock_movements
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists stock_movements_select_every_warehouse on stock.stock_movements;
create policy stock_movements_select_every_warehouse on stock.stock_movements
  for select to admin, scoville_worker
  using (true);
drop policy if exists stock_movements_select_own_warehouses on stock.stock_movements;
create policy stock_movements_select_own_warehouses on stock.stock_movements
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists stock_movements_select_definer on stock.stock_movements;
create policy stock_movements_select_definer on stock.stock_movements
  for select to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists stock_movements_insert_definer on stock.stock_movements;
create policy stock_movements_insert_definer on stock.stock_movements
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

-- Erasures.
drop policy if exists stock_movements_select_owner on stock.stock_movements;
create policy stock_movements_select_owner on stock.stock_movements
  for select to scoville_owner
  using (true);
drop policy if exists stock_movements_update_owner on stock.stock_movements;
create policy stock_movements_update_owner on stock.stock_movements
  for update to scoville_owner
  using (app.is_erasing())
  with check (app.is_erasing());

grant select on stock.stock_movements to admin, warehouse, scoville_worker, scoville_definer;
grant insert on stock.stock_movements to scoville_definer;
grant usage on sequence stock.stock_movements_movement_id_seq to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists stock_movements_select_analysts_of_everything on stock.stock_movements;
create policy stock_movements_select_analysts_of_everything on stock.stock_movements
  for select to bi_reader_all
  using (true);
drop policy if exists stock_movements_select_warehouses_of_the_login on stock.stock_movements;
create policy stock_movements_select_warehouses_of_the_login on stock.stock_movements
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));
grant select (region_id, movement_id, recorded_at, occurred_at, warehouse_id, sku_id, kind, lot_id, on_hand_delta,
  reserved_delta, committed_delta, unavailable_delta, safety_stock_delta, incoming_delta, shortfall_delta, on_hand_after,
  available_after, reason_code) on stock.stock_movements to bi_reader;

-- A partition has no policy, so nobody can read it directly.
alter table stock.stock_movements_default enable row level security;
alter table stock.stock_movements_default force row level security;
