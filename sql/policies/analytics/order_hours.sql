-- As the orders.
alter table analytics.order_hours enable row level security;
alter table analytics.order_hours force row level security;

drop policy if exists order_hours_select_own_region on analytics.order_hours;
create policy order_hours_select_own_region on analytics.order_hours
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists order_hours_select_every_channel on analytics.order_hours;
create policy order_hours_select_every_channel on analytics.order_hours
  for select to admin, bi_reader_all
  using (true);
drop policy if exists order_hours_select_warehouses_of_the_login on analytics.order_hours;
create policy order_hours_select_warehouses_of_the_login on analytics.order_hours
  for select to bi_reader
  using (warehouse_ids && bi.own_warehouses());

drop policy if exists order_hours_select_definer on analytics.order_hours;
create policy order_hours_select_definer on analytics.order_hours
  for select to scoville_definer
  using (app.claim_role() = 'scoville_worker');
drop policy if exists order_hours_insert_definer on analytics.order_hours;
create policy order_hours_insert_definer on analytics.order_hours
  for insert to scoville_definer
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists order_hours_update_definer on analytics.order_hours;
create policy order_hours_update_definer on analytics.order_hours
  for update to scoville_definer
  using (app.claim_role() = 'scoville_worker')
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists order_hours_delete_definer on analytics.order_hours;
create policy order_hours_delete_definer on analytics.order_hours
  for delete to scoville_definer
  using (app.claim_role() = 'scoville_worker');

grant select on analytics.order_hours to admin, bi_reader;
grant select, delete on analytics.order_hours to scoville_definer;
grant insert (region_id, hour_at, channel_id, currency, warehouse_ids, orders, canceled_orders, shipped_orders, units, revenue)
  on analytics.order_hours to scoville_definer;
grant update (orders, canceled_orders, shipped_orders, units, revenue) on analytics.order_hours to scoville_definer;
