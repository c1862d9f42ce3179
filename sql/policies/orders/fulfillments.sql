-- Parcels: staff read those of their own warehouses and can ship only from these.
alter table orders.fulfillments enable row level security;
alter table orders.fulfillments force row level security;

drop policy if exists fulfillments_select_own_region on orders.fulfillments;
create policy fulfillments_select_own_region on orders.fulfillments
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists fulfillments_select_every_channel on orders.fulfillments;
create policy fulfillments_select_every_channel on orders.fulfillments
  for select to admin, scoville_worker
  using (true);
drop policy if exists fulfillments_select_own_channels on orders.fulfillments;
create policy fulfillments_select_own_channels on orders.fulfillments
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));
drop policy if exists fulfillments_select_own_warehouses on orders.fulfillments;
create policy fulfillments_select_own_warehouses on orders.fulfillments
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists fulfillments_select_definer on orders.fulfillments;
create policy fulfillments_select_definer on orders.fulfillments
  for select to scoville_definer
  using (true);
drop policy if exists fulfillments_update_definer on orders.fulfillments;
create policy fulfillments_update_definer on orders.fulfillments
  for update to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists fulfillments_insert_definer on orders.fulfillments;
create policy fulfillments_insert_definer on orders.fulfillments
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on orders.fulfillments to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant update (tracking_number, note, canceled_at, cancel_reason, changed_by, change_reason, request_id) on orders.fulfillments to scoville_definer;
grant insert (region_id, order_id, warehouse_id, channel_id, tracking_number, note, shipped_at, created_at, changed_by, request_id)
  on orders.fulfillments to scoville_definer;
grant usage on sequence orders.fulfillments_fulfillment_id_seq to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists fulfillments_select_analysts_of_everything on orders.fulfillments;
create policy fulfillments_select_analysts_of_everything on orders.fulfillments
  for select to bi_reader_all
  using (true);
drop policy if exists fulfillments_select_warehouses_of_the_login on orders.fulfillments;
create policy fulfillments_select_warehouses_of_the_login on orders.fulfillments
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));
grant select (region_id, fulfillment_id, order_id, warehouse_id, channel_id, shipped_at, canceled_at) on orders.fulfillments to bi_reader;
