-- The health of endpoints, written by the worker: admin sees all, an integration its own.
alter table webhooks.endpoint_states enable row level security;
alter table webhooks.endpoint_states force row level security;

drop policy if exists endpoint_states_select_own_region on webhooks.endpoint_states;
create policy endpoint_states_select_own_region on webhooks.endpoint_states
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists endpoint_states_select_everything on webhooks.endpoint_states;
create policy endpoint_states_select_everything on webhooks.endpoint_states
  for select to admin
  using (true);
drop policy if exists endpoint_states_select_own on webhooks.endpoint_states;
create policy endpoint_states_select_own on webhooks.endpoint_states
  for select to integration
  using (owner = app.claim_subject());

drop policy if exists endpoint_states_select_definer on webhooks.endpoint_states;
create policy endpoint_states_select_definer on webhooks.endpoint_states
  for select to scoville_definer
  using (app.reaches_all_channels() or owner = app.claim_subject());
drop policy if exists endpoint_states_insert_definer on webhooks.endpoint_states;
create policy endpoint_states_insert_definer on webhooks.endpoint_states
  for insert to scoville_definer
  with check (app.reaches_all_channels() or owner = app.claim_subject());
drop policy if exists endpoint_states_update_definer on webhooks.endpoint_states;
create policy endpoint_states_update_definer on webhooks.endpoint_states
  for update to scoville_definer
  using (app.reaches_all_channels() or owner = app.claim_subject())
  with check (app.reaches_all_channels() or owner = app.claim_subject());

grant select on webhooks.endpoint_states to admin, integration, scoville_definer;
grant insert (region_id, endpoint_id, owner, challenge_due_at, confirmed_at) on webhooks.endpoint_states to scoville_definer;
grant update (requests_at_once, failures_in_row, failing_since_at, pauses_in_row, paused_until_at, paced_until_at, verified_at,
  challenges, challenged_at, challenge_due_at, challenge_failure, confirmed_at, replayed, replayed_from_at)
  on webhooks.endpoint_states to scoville_definer;
