-- Every role reads which warehouses serve a channel; api.save_channels replaces a channel's rows.
alter table catalog.channel_warehouses enable row level security;
alter table catalog.channel_warehouses force row level security;

drop policy if exists channel_warehouses_select_every_role on catalog.channel_warehouses;
create policy channel_warehouses_select_every_role on catalog.channel_warehouses
  for select to admin, warehouse, sales, integration, scoville_worker
  using (true);

drop policy if exists channel_warehouses_select_definer on catalog.channel_warehouses;
create policy channel_warehouses_select_definer on catalog.channel_warehouses
  for select to scoville_definer
  using (true);
drop policy if exists channel_warehouses_insert_definer on catalog.channel_warehouses;
create policy channel_warehouses_insert_definer on catalog.channel_warehouses
  for insert to scoville_definer
  with check (true);
drop policy if exists channel_warehouses_delete_definer on catalog.channel_warehouses;
create policy channel_warehouses_delete_definer on catalog.channel_warehouses
  for delete to scoville_definer
  using (true);

grant select on catalog.channel_warehouses to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (channel_id, warehouse_id, priority) on catalog.channel_warehouses to scoville_definer;
grant delete on catalog.channel_warehouses to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists channel_warehouses_select_analysts on catalog.channel_warehouses;
create policy channel_warehouses_select_analysts on catalog.channel_warehouses
  for select to bi_reader
  using (true);
grant select (channel_id, warehouse_id, priority) on catalog.channel_warehouses to bi_reader;
