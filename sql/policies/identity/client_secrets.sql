-- Hashes of secrets: no role of the API reads them. Admin sees when a secret begins and ends.
alter table identity.client_secrets enable row level security;
alter table identity.client_secrets force row level security;

drop policy if exists client_secrets_select_everything on identity.client_secrets;
create policy client_secrets_select_everything on identity.client_secrets
  for select to admin
  using (true);

drop policy if exists client_secrets_select_definer on identity.client_secrets;
create policy client_secrets_select_definer on identity.client_secrets
  for select to scoville_definer
  using (true);
drop policy if exists client_secrets_insert_definer on identity.client_secrets;
create policy client_secrets_insert_definer on identity.client_secrets
  for insert to scoville_definer
  with check (app.claim_role() = 'admin');
drop policy if exists client_secrets_update_definer on identity.client_secrets;
create policy client_secrets_update_definer on identity.client_secrets
  for update to scoville_definer
  using (app.claim_role() = 'admin')
  with check (app.claim_role() = 'admin');

grant select (client_id, secret_no, created_at, expires_at) on identity.client_secrets to admin;
grant select on identity.client_secrets to scoville_definer;
grant insert (client_id, secret_no, secret_hash, created_at, expires_at) on identity.client_secrets to scoville_definer;
grant update (secret_hash, created_at, expires_at) on identity.client_secrets to scoville_definer;
