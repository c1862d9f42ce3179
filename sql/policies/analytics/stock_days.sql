-- The same rows as the levels: admin and analysts without warehouses read all, staff and other analysts those of their
-- warehouses. Sales reads the available units but not the shipped ones, which belong to other channels too.
alter table analytics.stock_days enable row level security;
alter table analytics.stock_days force row level security;

drop policy if exists stock_days_select_own_region on analytics.stock_days;
create policy stock_days_select_own_region on analytics.stock_days
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists stock_days_select_every_warehouse on analytics.stock_days;
create policy stock_days_select_every_warehouse on analytics.stock_days
  for select to admin, sales, scoville_worker, bi_reader_all
  using (true);
drop policy if exists stock_days_select_own_warehouses on analytics.stock_days;
create policy stock_days_select_own_warehouses on analytics.stock_days
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));
drop policy if exists stock_days_select_warehouses_of_the_login on analytics.stock_days;
create policy stock_days_select_warehouses_of_the_login on analytics.stock_days
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));

drop policy if exists stock_days_select_definer on analytics.stock_days;
create policy stock_days_select_definer on analytics.stock_days
  for select to scoville_definer
  using (app.claim_role() = 'scoville_worker');
drop policy if exists stock_days_insert_definer on analytics.stock_days;
create policy stock_days_insert_definer on analytics.stock_days
  for insert to scoville_definer
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists stock_days_update_definer on analytics.stock_days;
create policy stock_days_update_definer on analytics.stock_days
  for update to scoville_definer
  using (app.claim_role() = 'scoville_worker')
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists stock_days_delete_definer on analytics.stock_days;
create policy stock_days_delete_definer on analytics.stock_days
  for delete to scoville_definer
  using (app.claim_role() = 'scoville_worker');

grant select on analytics.stock_days to admin, warehouse, bi_reader, scoville_worker;
grant select (region_id, warehouse_id, sku_id, day_on, available) on analytics.stock_days to sales;
grant select, delete on analytics.stock_days to scoville_definer;
grant insert (region_id, warehouse_id, sku_id, day_on, on_hand, reserved, committed, unavailable, safety_stock, incoming, net, received,
  shipped, adjusted_in, adjusted_out)
  on analytics.stock_days to scoville_definer;
grant update (on_hand, reserved, committed, unavailable, safety_stock, incoming, net, received, shipped, adjusted_in, adjusted_out)
  on analytics.stock_days to scoville_definer;
