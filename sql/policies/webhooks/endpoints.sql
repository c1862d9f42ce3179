-- Webhooks: admin sees all, an integration its own. Whether they are sent to is the worker's business.
alter table webhooks.endpoints enable row level security;
alter table webhooks.endpoints force row level security;

drop policy if exists endpoints_select_own_region on webhooks.endpoints;
create policy endpoints_select_own_region on webhooks.endpoints
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists endpoints_select_everything on webhooks.endpoints;
create policy endpoints_select_everything on webhooks.endpoints
  for select to admin
  using (true);
drop policy if exists endpoints_select_own on webhooks.endpoints;
create policy endpoints_select_own on webhooks.endpoints
  for select to integration
  using (owner = app.claim_subject());

drop policy if exists endpoints_select_definer on webhooks.endpoints;
create policy endpoints_select_definer on webhooks.endpoints
  for select to scoville_definer
  using (app.reaches_all_channels() or owner = app.claim_subject());
drop policy if exists endpoints_insert_definer on webhooks.endpoints;
create policy endpoints_insert_definer on webhooks.endpoints
  for insert to scoville_definer
  with check (app.reaches_all_channels() or owner = app.claim_subject());
drop policy if exists endpoints_update_definer on webhooks.endpoints;
create policy endpoints_update_definer on webhooks.endpoints
  for update to scoville_definer
  using (app.reaches_all_channels() or owner = app.claim_subject())
  with check (app.reaches_all_channels() or owner = app.claim_subject());

grant select on webhooks.endpoints to admin, integration, scoville_definer;
grant insert (region_id, url, description, event_types, sku_ids, warehouse_ids, channel_ids, rate_per_minute_max,
  requests_at_once_max, active, owner, owner_role, owner_channels, from_seq, created_at, updated_at, changed_by, request_id)
  on webhooks.endpoints to scoville_definer;
grant update (url, description, event_types, sku_ids, warehouse_ids, channel_ids, rate_per_minute_max, requests_at_once_max, active,
  owner_channels, from_seq, previous_secret_expires_at, disabled_at, disabled_reason, deleted_at, version, updated_at, changed_by, change_reason, request_id)
  on webhooks.endpoints to scoville_definer;
grant usage on sequence webhooks.endpoints_endpoint_id_seq to scoville_definer;
