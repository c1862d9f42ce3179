-- Nobody reads them. A ticket is written for the caller, with the caller's own rights, and deleted when used.
alter table identity.socket_tickets enable row level security;
alter table identity.socket_tickets force row level security;

drop policy if exists socket_tickets_select_definer on identity.socket_tickets;
create policy socket_tickets_select_definer on identity.socket_tickets
  for select to scoville_definer
  using (true);
drop policy if exists socket_tickets_insert_definer on identity.socket_tickets;
create policy socket_tickets_insert_definer on identity.socket_tickets
  for insert to scoville_definer
  with check (role = app.claim_role() and subject = app.claim_subject());
drop policy if exists socket_tickets_delete_definer on identity.socket_tickets;
create policy socket_tickets_delete_definer on identity.socket_tickets
  for delete to scoville_definer
  using (true);

grant select, delete on identity.socket_tickets to scoville_definer;
grant insert (ticket_hash, role, subject, region_id, warehouses, channels, session, expires_at) on identity.socket_tickets
  to scoville_definer;
