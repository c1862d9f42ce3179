-- Returns: admin reads all, sales and integrations those of their channels, staff those that come to their warehouses. The definer sees
-- all of a region, so that no parcel is undone of which units come back to another warehouse (orders.find_return admits the caller's).
alter table orders.returns enable row level security;
alter table orders.returns force row level security;

drop policy if exists returns_select_own_region on orders.returns;
create policy returns_select_own_region on orders.returns
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists returns_select_every_channel on orders.returns;
create policy returns_select_every_channel on orders.returns
  for select to admin, scoville_worker
  using (true);
drop policy if exists returns_select_own_channels on orders.returns;
create policy returns_select_own_channels on orders.returns
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));
drop policy if exists returns_select_own_warehouses on orders.returns;
create policy returns_select_own_warehouses on orders.returns
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists returns_select_definer on orders.returns;
create policy returns_select_definer on orders.returns
  for select to scoville_definer
  using (true);
drop policy if exists returns_insert_definer on orders.returns;
create policy returns_insert_definer on orders.returns
  for insert to scoville_definer
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_id = any (app.claim_warehouses()));
drop policy if exists returns_update_definer on orders.returns;
create policy returns_update_definer on orders.returns
  for update to scoville_definer
  using (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_id = any (app.claim_warehouses()));

grant select on orders.returns to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (region_id, order_id, channel_id, warehouse_id, reason, note, person, created_at, updated_at, changed_by, change_reason,
  request_id)
  on orders.returns to scoville_definer;
grant update (status, reason, note, person, status_changed_at, status_changed_by, status_reason, version, updated_at, changed_by, change_reason,
  request_id) on orders.returns to scoville_definer;
grant usage on sequence orders.returns_return_id_seq to scoville_definer;
