-- The position of the dispatcher in the log.
alter table webhooks.dispatchers enable row level security;
alter table webhooks.dispatchers force row level security;

drop policy if exists dispatchers_select_definer on webhooks.dispatchers;
create policy dispatchers_select_definer on webhooks.dispatchers
  for select to scoville_definer
  using (true);
drop policy if exists dispatchers_update_definer on webhooks.dispatchers;
create policy dispatchers_update_definer on webhooks.dispatchers
  for update to scoville_definer
  using (true)
  with check (true);

grant select on webhooks.dispatchers to scoville_definer;
grant update (last_seq) on webhooks.dispatchers to scoville_definer;
