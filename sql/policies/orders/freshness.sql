-- The same rows as the orders, but for warehouse staff, who reach them only through an order that they see: a promise names no person. The
-- definer adds up the promises of every channel, and writes those of the caller's channels.
alter table orders.freshness enable row level security;
alter table orders.freshness force row level security;

drop policy if exists freshness_select_own_region on orders.freshness;
create policy freshness_select_own_region on orders.freshness
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists freshness_select_every_channel on orders.freshness;
create policy freshness_select_every_channel on orders.freshness
  for select to admin, warehouse, scoville_worker
  using (true);
drop policy if exists freshness_select_own_channels on orders.freshness;
create policy freshness_select_own_channels on orders.freshness
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));

drop policy if exists freshness_select_definer on orders.freshness;
create policy freshness_select_definer on orders.freshness
  for select to scoville_definer
  using (true);
drop policy if exists freshness_insert_definer on orders.freshness;
create policy freshness_insert_definer on orders.freshness
  for insert to scoville_definer
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()));
drop policy if exists freshness_update_definer on orders.freshness;
create policy freshness_update_definer on orders.freshness
  for update to scoville_definer
  using (true)
  with check (true);

grant select on orders.freshness to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (region_id, order_id, sku_id, channel_id, fresh_until, rule) on orders.freshness to scoville_definer;
grant update (is_open, at_risk_at) on orders.freshness to scoville_definer;
