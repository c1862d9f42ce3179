-- Attempts, with the beginning of each answer: the roles that see a delivery see its attempts.
alter table webhooks.attempts enable row level security;
alter table webhooks.attempts force row level security;

drop policy if exists attempts_select_own_region on webhooks.attempts;
create policy attempts_select_own_region on webhooks.attempts
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists attempts_select_everything on webhooks.attempts;
create policy attempts_select_everything on webhooks.attempts
  for select to admin
  using (true);
drop policy if exists attempts_select_own on webhooks.attempts;
create policy attempts_select_own on webhooks.attempts
  for select to integration
  using (owner = app.claim_subject());

drop policy if exists attempts_select_definer on webhooks.attempts;
create policy attempts_select_definer on webhooks.attempts
  for select to scoville_definer
  using (app.reaches_all_channels() or owner = app.claim_subject());
drop policy if exists attempts_insert_definer on webhooks.attempts;
create policy attempts_insert_definer on webhooks.attempts
  for insert to scoville_definer
  with check (app.reaches_all_channels() or owner = app.claim_subject());
drop policy if exists attempts_update_definer on webhooks.attempts;
create policy attempts_update_definer on webhooks.attempts
  for update to scoville_definer
  using (app.reaches_all_channels())
  with check (app.reaches_all_channels());
drop policy if exists attempts_delete_definer on webhooks.attempts;
create policy attempts_delete_definer on webhooks.attempts
  for delete to scoville_definer
  using (app.reaches_all_channels());

grant select on webhooks.attempts to admin, integration;
grant select, delete on webhooks.attempts to scoville_definer;
grant insert (region_id, endpoint_id, delivery_id, attempt_no, owner, started_at, duration_ms, status_code, error, response)
  on webhooks.attempts to scoville_definer;
grant update (response) on webhooks.attempts to scoville_definer;
