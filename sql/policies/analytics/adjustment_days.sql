-- The same rows as the ledger.
alter table analytics.adjustment_days enable row level security;
alter table analytics.adjustment_days force row level security;

drop policy if exists adjustment_days_select_own_region on analytics.adjustment_days;
create policy adjustment_days_select_own_region on analytics.adjustment_days
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists adjustment_days_select_every_warehouse on analytics.adjustment_days;
create policy adjustment_days_select_every_warehouse on analytics.adjustment_days
  for select to admin, bi_reader_all
  using (true);
drop policy if exists adjustment_days_select_warehouses_of_the_login on analytics.adjustment_days;
create policy adjustment_days_select_warehouses_of_the_login on analytics.adjustment_days
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));

drop policy if exists adjustment_days_select_definer on analytics.adjustment_days;
create policy adjustment_days_select_definer on analytics.adjustment_days
  for select to scoville_definer
  using (app.claim_role() = 'scoville_worker');
drop policy if exists adjustment_days_insert_definer on analytics.adjustment_days;
create policy adjustment_days_insert_definer on analytics.adjustment_days
  for insert to scoville_definer
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists adjustment_days_update_definer on analytics.adjustment_days;
create policy adjustment_days_update_definer on analytics.adjustment_days
  for update to scoville_definer
  using (app.claim_role() = 'scoville_worker')
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists adjustment_days_delete_definer on analytics.adjustment_days;
create policy adjustment_days_delete_definer on analytics.adjustment_days
  for delete to scoville_definer
  using (app.claim_role() = 'scoville_worker');

grant select on analytics.adjustment_days to admin, bi_reader;
grant select, delete on analytics.adjustment_days to scoville_definer;
grant insert (region_id, warehouse_id, sku_id, day_on, reason_code, units_in, units_out)
  on analytics.adjustment_days to scoville_definer;
grant update (units_in, units_out) on analytics.adjustment_days to scoville_definer;
