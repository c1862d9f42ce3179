-- Staff read the allocations of their own warehouses. The definer reads all allocations of an order (to see whether it is shipped
-- whole) and changes those of the caller's channels or warehouses.
alter table orders.order_allocations enable row level security;
alter table orders.order_allocations force row level security;

drop policy if exists order_allocations_select_own_region on orders.order_allocations;
create policy order_allocations_select_own_region on orders.order_allocations
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists order_allocations_select_every_channel on orders.order_allocations;
create policy order_allocations_select_every_channel on orders.order_allocations
  for select to admin, scoville_worker
  using (true);
drop policy if exists order_allocations_select_own_channels on orders.order_allocations;
create policy order_allocations_select_own_channels on orders.order_allocations
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));
drop policy if exists order_allocations_select_own_warehouses on orders.order_allocations;
create policy order_allocations_select_own_warehouses on orders.order_allocations
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists order_allocations_select_definer on orders.order_allocations;
create policy order_allocations_select_definer on orders.order_allocations
  for select to scoville_definer
  using (true);
drop policy if exists order_allocations_insert_definer on orders.order_allocations;
create policy order_allocations_insert_definer on orders.order_allocations
  for insert to scoville_definer
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()));
drop policy if exists order_allocations_update_definer on orders.order_allocations;
create policy order_allocations_update_definer on orders.order_allocations
  for update to scoville_definer
  using (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_id = any (app.claim_warehouses()));

grant select on orders.order_allocations to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert on orders.order_allocations to scoville_definer;
grant update (quantity, fulfilled_quantity, released_quantity) on orders.order_allocations to scoville_definer;
