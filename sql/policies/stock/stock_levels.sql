-- Admin, sales and integrations read the stock of every warehouse (integrations only the available units), staff that of their own.
-- Which of it sales and integrations can sell changes with the channels; a policy looks nothing up, so catalog.own_warehouses says it.
-- Quantities change through stock.post_movements, which runs as the definer with the caller's claims.
alter table stock.stock_levels enable row level security;
alter table stock.stock_levels force row level security;

drop policy if exists stock_levels_select_own_region on stock.stock_levels;
create policy stock_levels_select_own_region on stock.stock_levels
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists stock_levels_select_every_warehouse on stock.stock_levels;
create policy stock_levels_select_every_warehouse on stock.stock_levels
  for select to admin, sales, integration, scoville_worker
  using (true);
drop policy if exists stock_levels_select_own_warehouses on stock.stock_levels;
create policy stock_levels_select_own_warehouses on stock.stock_levels
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists stock_levels_select_definer on stock.stock_levels;
create policy stock_levels_select_definer on stock.stock_levels
  for select to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists stock_levels_insert_definer on stock.stock_levels;
create policy stock_levels_insert_definer on stock.stock_levels
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists stock_levels_update_definer on stock.stock_levels;
create policy stock_levels_update_definer on stock.stock_levels
  for update to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on stock.stock_levels to admin, warehouse, sales, scoville_worker, scoville_definer;
grant select (region_id, warehouse_id, sku_id, available, version, updated_at) on stock.stock_levels to integration;
grant insert (region_id, warehouse_id, sku_id) on stock.stock_levels to scoville_definer;
grant update (on_hand, reserved, committed, unavailable, safety_stock, incoming, shortfall, next_expiry_at, reorder_point, version,
  updated_at) on stock.stock_levels to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists stock_levels_select_analysts_of_everything on stock.stock_levels;
create policy stock_levels_select_analysts_of_everything on stock.stock_levels
  for select to bi_reader_all
  using (true);
drop policy if exists stock_levels_select_warehouses_of_the_login on stock.stock_levels;
create policy stock_levels_select_warehouses_of_the_login on stock.stock_levels
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));
grant select (region_id, warehouse_id, sku_id, on_hand, reserved, committed, unavailable, safety_stock, incoming, shortfall,
  available, version) on stock.stock_levels to bi_reader;
