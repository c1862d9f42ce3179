-- Read as the counts.
alter table stock.count_lines enable row level security;
alter table stock.count_lines force row level security;

drop policy if exists count_lines_select_own_region on stock.count_lines;
create policy count_lines_select_own_region on stock.count_lines
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists count_lines_select_every_warehouse on stock.count_lines;
create policy count_lines_select_every_warehouse on stock.count_lines
  for select to admin, scoville_worker
  using (true);
drop policy if exists count_lines_select_own_warehouses on stock.count_lines;
create policy count_lines_select_own_warehouses on stock.count_lines
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists count_lines_select_definer on stock.count_lines;
create policy count_lines_select_definer on stock.count_lines
  for select to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists count_lines_insert_definer on stock.count_lines;
create policy count_lines_insert_definer on stock.count_lines
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists count_lines_update_definer on stock.count_lines;
create policy count_lines_update_definer on stock.count_lines
  for update to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on stock.count_lines to admin, warehouse, scoville_worker, scoville_definer;
grant insert (region_id, count_id, warehouse_id, sku_id, lot_id) on stock.count_lines to scoville_definer;
grant update (status, round, entry_id, posted) on stock.count_lines to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists count_lines_select_analysts_of_everything on stock.count_lines;
create policy count_lines_select_analysts_of_everything on stock.count_lines
  for select to bi_reader_all
  using (true);
drop policy if exists count_lines_select_warehouses_of_the_login on stock.count_lines;
create policy count_lines_select_warehouses_of_the_login on stock.count_lines
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));
grant select (region_id, count_id, warehouse_id, status, entry_id) on stock.count_lines to bi_reader;
