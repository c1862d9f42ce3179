-- Admins read every channel, sales their own. A refused order has no warehouse, so logins of some warehouses read nothing.
alter table analytics.refusal_days enable row level security;
alter table analytics.refusal_days force row level security;

drop policy if exists refusal_days_select_own_region on analytics.refusal_days;
create policy refusal_days_select_own_region on analytics.refusal_days
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists refusal_days_select_every_channel on analytics.refusal_days;
create policy refusal_days_select_every_channel on analytics.refusal_days
  for select to admin, bi_reader_all
  using (true);
drop policy if exists refusal_days_select_own_channels on analytics.refusal_days;
create policy refusal_days_select_own_channels on analytics.refusal_days
  for select to sales
  using (channel_id = any (app.claim_channels()));
drop policy if exists refusal_days_select_warehouses_of_the_login on analytics.refusal_days;
create policy refusal_days_select_warehouses_of_the_login on analytics.refusal_days
  for select to bi_reader
  using (false);

drop policy if exists refusal_days_select_definer on analytics.refusal_days;
create policy refusal_days_select_definer on analytics.refusal_days
  for select to scoville_definer
  using (app.claim_role() = 'scoville_worker');
drop policy if exists refusal_days_insert_definer on analytics.refusal_days;
create policy refusal_days_insert_definer on analytics.refusal_days
  for insert to scoville_definer
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists refusal_days_update_definer on analytics.refusal_days;
create policy refusal_days_update_definer on analytics.refusal_days
  for update to scoville_definer
  using (app.claim_role() = 'scoville_worker')
  with check (app.claim_role() = 'scoville_worker');

grant select on analytics.refusal_days to admin, sales, bi_reader, scoville_definer;
grant insert (region_id, refused_on, channel_id, sku_id, refusals, units) on analytics.refusal_days to scoville_definer;
grant update (refusals, units) on analytics.refusal_days to scoville_definer;
