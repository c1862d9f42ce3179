-- Admin reads every order, sales and integrations those of their channels, staff those allocated to their warehouses. An unpaid order
-- of another channel may not block an order once its time is over, so the definer can look for those (stock.find_overdue).
alter table orders.orders enable row level security;
alter table orders.orders force row level security;

drop policy if exists orders_select_own_region on orders.orders;
create policy orders_select_own_region on orders.orders
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists orders_select_every_channel on orders.orders;
create policy orders_select_every_channel on orders.orders
  for select to admin, scoville_worker
  using (true);
drop policy if exists orders_select_own_channels on orders.orders;
create policy orders_select_own_channels on orders.orders
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));
drop policy if exists orders_select_own_warehouses on orders.orders;
create policy orders_select_own_warehouses on orders.orders
  for select to warehouse
  using (warehouse_ids && app.claim_warehouses());

drop policy if exists orders_select_definer on orders.orders;
create policy orders_select_definer on orders.orders
  for select to scoville_definer
  using (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_ids && app.claim_warehouses()
    or status = 'pending' and app.seeks_unpaid());
drop policy if exists orders_insert_definer on orders.orders;
create policy orders_insert_definer on orders.orders
  for insert to scoville_definer
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()));
drop policy if exists orders_update_definer on orders.orders;
create policy orders_update_definer on orders.orders
  for update to scoville_definer
  using (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_ids && app.claim_warehouses())
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_ids && app.claim_warehouses());

grant select on orders.orders to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert on orders.orders to scoville_definer;
grant update (status, unpaid_until, unpaid_left, status_changed_at, status_changed_by, status_reason, fulfillment_status,
  customer_name, customer_key, customer_address, customer_pseudonym, customer_erased_at, total_price, note,
  warehouse_ids, version, updated_at, changed_by, change_reason, request_id) on orders.orders to scoville_definer;
grant usage on sequence orders.orders_order_id_seq to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists orders_select_analysts_of_everything on orders.orders;
create policy orders_select_analysts_of_everything on orders.orders
  for select to bi_reader_all
  using (true);
drop policy if exists orders_select_warehouses_of_the_login on orders.orders;
create policy orders_select_warehouses_of_the_login on orders.orders
  for select to bi_reader
  using (warehouse_ids && bi.own_warehouses());
grant select (region_id, order_id, channel_id, status, fulfillment_status, customer_pseudonym, customer_erased_at, currency, total_price,
  warehouse_ids, placed_at, created_at, unpaid_until, unpaid_left) on orders.orders to bi_reader;
