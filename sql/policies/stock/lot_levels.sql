-- Units of lots by warehouse: the same rows as stock_levels, but not for integrations. The definer reads all (to see whether a
-- lot is in other warehouses too) and changes those of the caller's warehouses.
alter table stock.lot_levels enable row level security;
alter table stock.lot_levels force row level security;

drop policy if exists lot_levels_select_own_region on stock.lot_levels;
create policy lot_levels_select_own_region on stock.lot_levels
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists lot_levels_select_every_warehouse on stock.lot_levels;
create policy lot_levels_select_every_warehouse on stock.lot_levels
  for select to admin, sales, scoville_worker
  using (true);
drop policy if exists lot_levels_select_own_warehouses on stock.lot_levels;
create policy lot_levels_select_own_warehouses on stock.lot_levels
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists lot_levels_select_definer on stock.lot_levels;
create policy lot_levels_select_definer on stock.lot_levels
  for select to scoville_definer
  using (true);
drop policy if exists lot_levels_insert_definer on stock.lot_levels;
create policy lot_levels_insert_definer on stock.lot_levels
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists lot_levels_update_definer on stock.lot_levels;
create policy lot_levels_update_definer on stock.lot_levels
  for update to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on stock.lot_levels to admin, warehouse, sales, scoville_worker, scoville_definer;
grant insert (region_id, warehouse_id, sku_id, lot_id, sellable) on stock.lot_levels to scoville_definer;
grant update (on_hand, withheld, sellable, expiry_announced_on) on stock.lot_levels to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists lot_levels_select_analysts_of_everything on stock.lot_levels;
create policy lot_levels_select_analysts_of_everything on stock.lot_levels
  for select to bi_reader_all
  using (true);
drop policy if exists lot_levels_select_warehouses_of_the_login on stock.lot_levels;
create policy lot_levels_select_warehouses_of_the_login on stock.lot_levels
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));
grant select (region_id, warehouse_id, sku_id, lot_id, on_hand) on stock.lot_levels to bi_reader;
