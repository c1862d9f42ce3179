-- As the parcels: sales those of its channels, staff those of its warehouses.
alter table analytics.lead_hours enable row level security;
alter table analytics.lead_hours force row level security;

drop policy if exists lead_hours_select_own_region on analytics.lead_hours;
create policy lead_hours_select_own_region on analytics.lead_hours
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists lead_hours_select_every_channel on analytics.lead_hours;
create policy lead_hours_select_every_channel on analytics.lead_hours
  for select to admin, bi_reader_all
  using (true);
drop policy if exists lead_hours_select_own_channels on analytics.lead_hours;
create policy lead_hours_select_own_channels on analytics.lead_hours
  for select to sales
  using (channel_id = any (app.claim_channels()));
drop policy if exists lead_hours_select_own_warehouses on analytics.lead_hours;
create policy lead_hours_select_own_warehouses on analytics.lead_hours
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));
drop policy if exists lead_hours_select_warehouses_of_the_login on analytics.lead_hours;
create policy lead_hours_select_warehouses_of_the_login on analytics.lead_hours
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));

drop policy if exists lead_hours_select_definer on analytics.lead_hours;
create policy lead_hours_select_definer on analytics.lead_hours
  for select to scoville_definer
  using (app.claim_role() = 'scoville_worker');
drop policy if exists lead_hours_insert_definer on analytics.lead_hours;
create policy lead_hours_insert_definer on analytics.lead_hours
  for insert to scoville_definer
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists lead_hours_update_definer on analytics.lead_hours;
create policy lead_hours_update_definer on analytics.lead_hours
  for update to scoville_definer
  using (app.claim_role() = 'scoville_worker')
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists lead_hours_delete_definer on analytics.lead_hours;
create policy lead_hours_delete_definer on analytics.lead_hours
  for delete to scoville_definer
  using (app.claim_role() = 'scoville_worker');

grant select on analytics.lead_hours to admin, sales, warehouse, bi_reader;
grant select, delete on analytics.lead_hours to scoville_definer;
grant insert (region_id, placed_on, channel_id, warehouse_id, hours, parcels, seconds) on analytics.lead_hours to scoville_definer;
grant update (parcels, seconds) on analytics.lead_hours to scoville_definer;
