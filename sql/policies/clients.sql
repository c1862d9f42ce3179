-- API clients: admin reads them.
alter table identity.clients enable row level security;
alter table identity.clients force row level security;

drop policy if exists clients_select_everything on identity.clients;
create policy clients_select_everything on identity.clients
  for select to admin
  using (true);

grant select on identity.clients to admin;
