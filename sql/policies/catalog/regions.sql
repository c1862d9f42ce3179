-- Every role reads the regions; migrations write them.
alter table catalog.regions enable row level security;
alter table catalog.regions force row level security;

drop policy if exists regions_select_every_role on catalog.regions;
create policy regions_select_every_role on catalog.regions
  for select to admin, warehouse, sales, integration, scoville_worker
  using (true);

drop policy if exists regions_select_definer on catalog.regions;
create policy regions_select_definer on catalog.regions
  for select to scoville_definer
  using (true);

grant select on catalog.regions to admin, warehouse, sales, integration, scoville_worker, scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists regions_select_analysts on catalog.regions;
create policy regions_select_analysts on catalog.regions
  for select to bi_reader
  using (true);
grant select (region_id, name, time_zone) on catalog.regions to bi_reader;
