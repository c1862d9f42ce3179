-- `scoville bi` writes it as the owner, together with the roles; bi.own_warehouses() reads it.
alter table identity.bi_logins enable row level security;
alter table identity.bi_logins force row level security;

drop policy if exists bi_logins_select_definer on identity.bi_logins;
create policy bi_logins_select_definer on identity.bi_logins
  for select to scoville_definer
  using (true);

drop policy if exists bi_logins_select_owner on identity.bi_logins;
create policy bi_logins_select_owner on identity.bi_logins
  for select to scoville_owner
  using (true);
drop policy if exists bi_logins_insert_owner on identity.bi_logins;
create policy bi_logins_insert_owner on identity.bi_logins
  for insert to scoville_owner
  with check (true);
drop policy if exists bi_logins_delete_owner on identity.bi_logins;
create policy bi_logins_delete_owner on identity.bi_logins
  for delete to scoville_owner
  using (true);

grant select on identity.bi_logins to scoville_definer;
