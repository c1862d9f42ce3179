-- API clients: admin reads them. The functions write them for an admin, and look one up for a login that has not entered yet.
alter table identity.clients enable row level security;
alter table identity.clients force row level security;

drop policy if exists clients_select_everything on identity.clients;
create policy clients_select_everything on identity.clients
  for select to admin
  using (true);

drop policy if exists clients_select_definer on identity.clients;
create policy clients_select_definer on identity.clients
  for select to scoville_definer
  using (true);
drop policy if exists clients_insert_definer on identity.clients;
create policy clients_insert_definer on identity.clients
  for insert to scoville_definer
  with check (app.claim_role() = 'admin');
drop policy if exists clients_update_definer on identity.clients;
create policy clients_update_definer on identity.clients
  for update to scoville_definer
  using (app.claim_role() = 'admin')
  with check (app.claim_role() = 'admin');

grant select on identity.clients to admin, scoville_definer;
grant insert (client_id, name, role, region_id, warehouses, channels, active, created_at, updated_at) on identity.clients
  to scoville_definer;
grant update (name, role, region_id, warehouses, channels, active, grant_no, version, updated_at) on identity.clients
  to scoville_definer;
