-- Every role reads the list of warehouses (not their stock); api.save_warehouses and receipts write it.
alter table catalog.warehouses enable row level security;
alter table catalog.warehouses force row level security;

drop policy if exists warehouses_select_own_region on catalog.warehouses;
create policy warehouses_select_own_region on catalog.warehouses
  as restrictive for select to warehouse, sales, integration
  using (region_id = app.claim_region());

drop policy if exists warehouses_select_every_role on catalog.warehouses;
create policy warehouses_select_every_role on catalog.warehouses
  for select to admin, warehouse, sales, integration, scoville_worker
  using (true);

drop policy if exists warehouses_select_definer on catalog.warehouses;
create policy warehouses_select_definer on catalog.warehouses
  for select to scoville_definer
  using (true);
drop policy if exists warehouses_insert_definer on catalog.warehouses;
create policy warehouses_insert_definer on catalog.warehouses
  for insert to scoville_definer
  with check (true);
drop policy if exists warehouses_update_definer on catalog.warehouses;
create policy warehouses_update_definer on catalog.warehouses
  for update to scoville_definer
  using (true)
  with check (true);

-- `scoville bi add-user` checks that the warehouses exist.
drop policy if exists warehouses_select_owner on catalog.warehouses;
create policy warehouses_select_owner on catalog.warehouses
  for select to scoville_owner
  using (true);

grant select on catalog.warehouses to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (warehouse_id, region_id, name, time_zone, scan_required, active, version, created_at, updated_at) on catalog.warehouses to scoville_definer;
grant update (name, time_zone, scan_required, active, version, updated_at) on catalog.warehouses to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists warehouses_select_analysts on catalog.warehouses;
create policy warehouses_select_analysts on catalog.warehouses
  for select to bi_reader
  using (true);
grant select (warehouse_id, region_id, name, time_zone, active, created_at) on catalog.warehouses to bi_reader;
