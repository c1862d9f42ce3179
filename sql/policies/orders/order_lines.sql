-- The same rows as the orders. The definer reaches lines only through their order, which has its own policy; a change of the
-- order replaces them (orders.write_lines keeps the old ones in the audit).
alter table orders.order_lines enable row level security;
alter table orders.order_lines force row level security;

drop policy if exists order_lines_select_own_region on orders.order_lines;
create policy order_lines_select_own_region on orders.order_lines
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists order_lines_select_every_channel on orders.order_lines;
create policy order_lines_select_every_channel on orders.order_lines
  for select to admin, scoville_worker
  using (true);
drop policy if exists order_lines_select_own_channels on orders.order_lines;
create policy order_lines_select_own_channels on orders.order_lines
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));
drop policy if exists order_lines_select_own_warehouses on orders.order_lines;
create policy order_lines_select_own_warehouses on orders.order_lines
  for select to warehouse
  using (warehouse_ids && app.claim_warehouses());

drop policy if exists order_lines_select_definer on orders.order_lines;
create policy order_lines_select_definer on orders.order_lines
  for select to scoville_definer
  using (true);
drop policy if exists order_lines_insert_definer on orders.order_lines;
create policy order_lines_insert_definer on orders.order_lines
  for insert to scoville_definer
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()));
drop policy if exists order_lines_update_definer on orders.order_lines;
create policy order_lines_update_definer on orders.order_lines
  for update to scoville_definer
  using (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_ids && app.claim_warehouses())
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_ids && app.claim_warehouses());
drop policy if exists order_lines_delete_definer on orders.order_lines;
create policy order_lines_delete_definer on orders.order_lines
  for delete to scoville_definer
  using (app.reaches_all_channels() or channel_id = any (app.claim_channels()));

grant select on orders.order_lines to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert on orders.order_lines to scoville_definer;
grant update (fulfilled_quantity, canceled_quantity, components, address, warehouse_ids) on orders.order_lines to scoville_definer;
grant delete on orders.order_lines to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists order_lines_select_analysts_of_everything on orders.order_lines;
create policy order_lines_select_analysts_of_everything on orders.order_lines
  for select to bi_reader_all
  using (true);
drop policy if exists order_lines_select_warehouses_of_the_login on orders.order_lines;
create policy order_lines_select_warehouses_of_the_login on orders.order_lines
  for select to bi_reader
  using (warehouse_ids && bi.own_warehouses());
grant select (region_id, order_id, line_no, channel_id, warehouse_ids, sku_id, quantity, price, amount, amount_quantity,
  fulfilled_quantity, canceled_quantity, components) on orders.order_lines to bi_reader;
