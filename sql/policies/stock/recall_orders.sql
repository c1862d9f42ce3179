-- Orders that lost units by a recall: sales read those of their channels. Staff see no row: what they read of a recall asks for orders in the same statement.
alter table stock.recall_orders enable row level security;
alter table stock.recall_orders force row level security;

drop policy if exists recall_orders_select_own_region on stock.recall_orders;
create policy recall_orders_select_own_region on stock.recall_orders
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists recall_orders_select_everything on stock.recall_orders;
create policy recall_orders_select_everything on stock.recall_orders
  for select to admin, scoville_worker
  using (true);
drop policy if exists recall_orders_select_own_channels on stock.recall_orders;
create policy recall_orders_select_own_channels on stock.recall_orders
  for select to sales
  using (channel_id = any (app.claim_channels()));

drop policy if exists recall_orders_select_definer on stock.recall_orders;
create policy recall_orders_select_definer on stock.recall_orders
  for select to scoville_definer
  using (app.claim_role() = 'admin');
drop policy if exists recall_orders_insert_definer on stock.recall_orders;
create policy recall_orders_insert_definer on stock.recall_orders
  for insert to scoville_definer
  with check (app.claim_role() = 'admin');
drop policy if exists recall_orders_update_definer on stock.recall_orders;
create policy recall_orders_update_definer on stock.recall_orders
  for update to scoville_definer
  using (app.claim_role() = 'admin')
  with check (app.claim_role() = 'admin');

grant select on stock.recall_orders to admin, warehouse, sales, scoville_worker, scoville_definer;
grant insert (region_id, recall_id, order_id, sku_id, channel_id, moved, waiting) on stock.recall_orders to scoville_definer;
grant update (moved, waiting) on stock.recall_orders to scoville_definer;
