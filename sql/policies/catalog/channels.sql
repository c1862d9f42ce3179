-- Every role reads the channels; api.save_channels writes them.
alter table catalog.channels enable row level security;
alter table catalog.channels force row level security;

drop policy if exists channels_select_own_region on catalog.channels;
create policy channels_select_own_region on catalog.channels
  as restrictive for select to warehouse, sales, integration
  using (region_id = app.claim_region());

drop policy if exists channels_select_every_role on catalog.channels;
create policy channels_select_every_role on catalog.channels
  for select to admin, warehouse, sales, integration, scoville_worker
  using (true);

drop policy if exists channels_select_definer on catalog.channels;
create policy channels_select_definer on catalog.channels
  for select to scoville_definer
  using (true);
drop policy if exists channels_insert_definer on catalog.channels;
create policy channels_insert_definer on catalog.channels
  for insert to scoville_definer
  with check (true);
drop policy if exists channels_update_definer on catalog.channels;
create policy channels_update_definer on catalog.channels
  for update to scoville_definer
  using (true)
  with check (true);

grant select on catalog.channels to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (channel_id, region_id, name, kind, pricing, hold_share_max, unpaid_minutes, freshness_rules, active, version, created_at, updated_at)
  on catalog.channels to scoville_definer;
grant update (name, kind, pricing, hold_share_max, unpaid_minutes, freshness_rules, active, version, updated_at) on catalog.channels
  to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists channels_select_analysts on catalog.channels;
create policy channels_select_analysts on catalog.channels
  for select to bi_reader
  using (true);
grant select (channel_id, region_id, name, kind, pricing, active, created_at) on catalog.channels to bi_reader;
