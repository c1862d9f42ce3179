-- The contents of parcels: the same rows as the parcels.
alter table orders.fulfillment_lines enable row level security;
alter table orders.fulfillment_lines force row level security;

drop policy if exists fulfillment_lines_select_own_region on orders.fulfillment_lines;
create policy fulfillment_lines_select_own_region on orders.fulfillment_lines
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists fulfillment_lines_select_every_channel on orders.fulfillment_lines;
create policy fulfillment_lines_select_every_channel on orders.fulfillment_lines
  for select to admin, scoville_worker
  using (true);
drop policy if exists fulfillment_lines_select_own_channels on orders.fulfillment_lines;
create policy fulfillment_lines_select_own_channels on orders.fulfillment_lines
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));
drop policy if exists fulfillment_lines_select_own_warehouses on orders.fulfillment_lines;
create policy fulfillment_lines_select_own_warehouses on orders.fulfillment_lines
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists fulfillment_lines_select_definer on orders.fulfillment_lines;
create policy fulfillment_lines_select_definer on orders.fulfillment_lines
  for select to scoville_definer
  using (true);
drop policy if exists fulfillment_lines_insert_definer on orders.fulfillment_lines;
create policy fulfillment_lines_insert_definer on orders.fulfillment_lines
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on orders.fulfillment_lines to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (region_id, fulfillment_id, sku_id, lot_id, warehouse_id, channel_id, batch_number, quantity, assumed, reason_code, passed_over)
  on orders.fulfillment_lines to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists fulfillment_lines_select_analysts_of_everything on orders.fulfillment_lines;
create policy fulfillment_lines_select_analysts_of_everything on orders.fulfillment_lines
  for select to bi_reader_all
  using (true);
drop policy if exists fulfillment_lines_select_warehouses_of_the_login on orders.fulfillment_lines;
create policy fulfillment_lines_select_warehouses_of_the_login on orders.fulfillment_lines
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));
grant select (region_id, fulfillment_id, sku_id, lot_id, warehouse_id, channel_id, batch_number, quantity, assumed, reason_code)
  on orders.fulfillment_lines to bi_reader;
