-- Deliveries: admin sees all, an integration those of its own webhooks.
alter table webhooks.deliveries enable row level security;
alter table webhooks.deliveries force row level security;

drop policy if exists deliveries_select_own_region on webhooks.deliveries;
create policy deliveries_select_own_region on webhooks.deliveries
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists deliveries_select_everything on webhooks.deliveries;
create policy deliveries_select_everything on webhooks.deliveries
  for select to admin
  using (true);
drop policy if exists deliveries_select_own on webhooks.deliveries;
create policy deliveries_select_own on webhooks.deliveries
  for select to integration
  using (owner = app.claim_subject());

drop policy if exists deliveries_select_definer on webhooks.deliveries;
create policy deliveries_select_definer on webhooks.deliveries
  for select to scoville_definer
  using (app.reaches_all_channels() or owner = app.claim_subject());
drop policy if exists deliveries_insert_definer on webhooks.deliveries;
create policy deliveries_insert_definer on webhooks.deliveries
  for insert to scoville_definer
  with check (app.reaches_all_channels() or owner = app.claim_subject());
drop policy if exists deliveries_delete_definer on webhooks.deliveries;
create policy deliveries_delete_definer on webhooks.deliveries
  for delete to scoville_definer
  using (app.reaches_all_channels());

drop policy if exists deliveries_update_definer on webhooks.deliveries;
create policy deliveries_update_definer on webhooks.deliveries
  for update to scoville_definer
  using (app.reaches_all_channels() or owner = app.claim_subject())
  with check (app.reaches_all_channels() or owner = app.claim_subject());

grant select on webhooks.deliveries to admin, integration;
grant select, delete on webhooks.deliveries to scoville_definer;
grant insert (region_id, endpoint_id, delivery_id, owner, event_id, type, subject, recorded_at, status, due_at, created_at)
  on webhooks.deliveries to scoville_definer;
grant update (status, due_at, attempts, failures, solo_starts, finished_at) on webhooks.deliveries to scoville_definer;

-- Analysts, through the views of schema bi: these columns and no others.
drop policy if exists deliveries_select_analysts_of_everything on webhooks.deliveries;
create policy deliveries_select_analysts_of_everything on webhooks.deliveries
  for select to bi_reader_all
  using (true);
grant select (region_id, endpoint_id, delivery_id, type, status, attempts, failures, created_at, finished_at)
  on webhooks.deliveries to bi_reader;
