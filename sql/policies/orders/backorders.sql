-- The same rows as the orders. The definer sees the whole queue of its region, and changes what waits in the caller's channels
-- (orders.write_supplies: those of the orders that it serves).
alter table orders.backorders enable row level security;
alter table orders.backorders force row level security;

drop policy if exists backorders_select_own_region on orders.backorders;
create policy backorders_select_own_region on orders.backorders
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists backorders_select_every_channel on orders.backorders;
create policy backorders_select_every_channel on orders.backorders
  for select to admin, scoville_worker
  using (true);
drop policy if exists backorders_select_own_channels on orders.backorders;
create policy backorders_select_own_channels on orders.backorders
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));
drop policy if exists backorders_select_own_warehouses on orders.backorders;
create policy backorders_select_own_warehouses on orders.backorders
  for select to warehouse
  using (warehouse_ids && app.claim_warehouses());

drop policy if exists backorders_select_definer on orders.backorders;
create policy backorders_select_definer on orders.backorders
  for select to scoville_definer
  using (true);
drop policy if exists backorders_insert_definer on orders.backorders;
create policy backorders_insert_definer on orders.backorders
  for insert to scoville_definer
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()));
drop policy if exists backorders_update_definer on orders.backorders;
create policy backorders_update_definer on orders.backorders
  for update to scoville_definer
  using (app.reaches_all_channels() or channel_id = any (app.claim_channels()))
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()));
drop policy if exists backorders_delete_definer on orders.backorders;
create policy backorders_delete_definer on orders.backorders
  for delete to scoville_definer
  using (app.reaches_all_channels() or channel_id = any (app.claim_channels()));

grant select on orders.backorders to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (region_id, order_id, sku_id, channel_id, warehouse_ids, quantity, priority, queued_at, lost_at) on orders.backorders to scoville_definer;
grant update (quantity, warehouse_ids, queued_at, lost_at) on orders.backorders to scoville_definer;
grant delete on orders.backorders to scoville_definer;
