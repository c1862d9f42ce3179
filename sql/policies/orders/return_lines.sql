-- The same rows as the returns.
alter table orders.return_lines enable row level security;
alter table orders.return_lines force row level security;

drop policy if exists return_lines_select_own_region on orders.return_lines;
create policy return_lines_select_own_region on orders.return_lines
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists return_lines_select_every_channel on orders.return_lines;
create policy return_lines_select_every_channel on orders.return_lines
  for select to admin, scoville_worker
  using (true);
drop policy if exists return_lines_select_own_channels on orders.return_lines;
create policy return_lines_select_own_channels on orders.return_lines
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));
drop policy if exists return_lines_select_own_warehouses on orders.return_lines;
create policy return_lines_select_own_warehouses on orders.return_lines
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists return_lines_select_definer on orders.return_lines;
create policy return_lines_select_definer on orders.return_lines
  for select to scoville_definer
  using (true);
drop policy if exists return_lines_insert_definer on orders.return_lines;
create policy return_lines_insert_definer on orders.return_lines
  for insert to scoville_definer
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_id = any (app.claim_warehouses()));
drop policy if exists return_lines_update_definer on orders.return_lines;
create policy return_lines_update_definer on orders.return_lines
  for update to scoville_definer
  using (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_id = any (app.claim_warehouses()));

grant select on orders.return_lines to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (region_id, return_id, line_no, channel_id, warehouse_id, fulfillment_id, sku_id, quantity)
  on orders.return_lines to scoville_definer;
grant update (received, given_up) on orders.return_lines to scoville_definer;
