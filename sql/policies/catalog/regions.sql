-- Admins read every region, the other roles their own; migrations create them, api.save_regions changes them.
alter table catalog.regions enable row level security;
alter table catalog.regions force row level security;

drop policy if exists regions_select_own_region on catalog.regions;
create policy regions_select_own_region on catalog.regions
  as restrictive for select to warehouse, sales, integration
  using (region_id = app.claim_region());

drop policy if exists regions_select_every_role on catalog.regions;
create policy regions_select_every_role on catalog.regions
  for select to admin, warehouse, sales, integration, scoville_worker
  using (true);

drop policy if exists regions_select_definer on catalog.regions;
create policy regions_select_definer on catalog.regions
  for select to scoville_definer
  using (true);
drop policy if exists regions_update_definer on catalog.regions;
create policy regions_update_definer on catalog.regions
  for update to scoville_definer
  using (true)
  with check (true);

grant select on catalog.regions to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant update (name, time_zone, expiry_notice_days, backdating_days_max, version) on catalog.regions to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists regions_select_analysts on catalog.regions;
create policy regions_select_analysts on catalog.regions
  for select to bi_reader
  using (true);
grant select (region_id, name, time_zone) on catalog.regions to bi_reader;
