-- Written by the worker. The roles that read a level also read its mark, for bi.stock_as_of and stock.verify.
alter table analytics.stock_marks enable row level security;
alter table analytics.stock_marks force row level security;

drop policy if exists stock_marks_select_own_region on analytics.stock_marks;
create policy stock_marks_select_own_region on analytics.stock_marks
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists stock_marks_select_every_warehouse on analytics.stock_marks;
create policy stock_marks_select_every_warehouse on analytics.stock_marks
  for select to admin, scoville_worker, bi_reader_all
  using (true);
drop policy if exists stock_marks_select_own_warehouses on analytics.stock_marks;
create policy stock_marks_select_own_warehouses on analytics.stock_marks
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));
drop policy if exists stock_marks_select_warehouses_of_the_login on analytics.stock_marks;
create policy stock_marks_select_warehouses_of_the_login on analytics.stock_marks
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));

drop policy if exists stock_marks_select_definer on analytics.stock_marks;
create policy stock_marks_select_definer on analytics.stock_marks
  for select to scoville_definer
  using (app.claim_role() = 'scoville_worker');
drop policy if exists stock_marks_insert_definer on analytics.stock_marks;
create policy stock_marks_insert_definer on analytics.stock_marks
  for insert to scoville_definer
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists stock_marks_update_definer on analytics.stock_marks;
create policy stock_marks_update_definer on analytics.stock_marks
  for update to scoville_definer
  using (app.claim_role() = 'scoville_worker')
  with check (app.claim_role() = 'scoville_worker');

grant select on analytics.stock_marks to scoville_worker, scoville_definer;
grant select (region_id, warehouse_id, sku_id, movement_id, version, last_on, time_zone) on analytics.stock_marks to admin, warehouse, bi_reader;
grant insert (region_id, warehouse_id, sku_id, movement_id, version, first_on, last_on, time_zone)
  on analytics.stock_marks to scoville_definer;
grant update (movement_id, version, first_on, last_on, time_zone) on analytics.stock_marks to scoville_definer;
