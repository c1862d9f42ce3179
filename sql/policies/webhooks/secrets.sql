-- Keys to sign with: only the functions reach them, always through an endpoint that the caller may see.
alter table webhooks.secrets enable row level security;
alter table webhooks.secrets force row level security;

drop policy if exists secrets_select_own_region on webhooks.secrets;
create policy secrets_select_own_region on webhooks.secrets
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists secrets_select_definer on webhooks.secrets;
create policy secrets_select_definer on webhooks.secrets
  for select to scoville_definer
  using (true);
drop policy if exists secrets_insert_definer on webhooks.secrets;
create policy secrets_insert_definer on webhooks.secrets
  for insert to scoville_definer
  with check (true);
drop policy if exists secrets_update_definer on webhooks.secrets;
create policy secrets_update_definer on webhooks.secrets
  for update to scoville_definer
  using (true)
  with check (true);
drop policy if exists secrets_delete_definer on webhooks.secrets;
create policy secrets_delete_definer on webhooks.secrets
  for delete to scoville_definer
  using (true);

grant select, delete on webhooks.secrets to scoville_definer;
grant insert (region_id, endpoint_id, secret_no, secret, created_at), update (expires_at) on webhooks.secrets to scoville_definer;
