-- Counts the requests of every caller, before the caller has entered: only api.take_requests reaches it.
alter table identity.request_windows enable row level security;
alter table identity.request_windows force row level security;

drop policy if exists request_windows_select_definer on identity.request_windows;
create policy request_windows_select_definer on identity.request_windows
  for select to scoville_definer
  using (true);
drop policy if exists request_windows_insert_definer on identity.request_windows;
create policy request_windows_insert_definer on identity.request_windows
  for insert to scoville_definer
  with check (true);
drop policy if exists request_windows_update_definer on identity.request_windows;
create policy request_windows_update_definer on identity.request_windows
  for update to scoville_definer
  using (true)
  with check (true);

grant select on identity.request_windows to scoville_definer;
grant insert (principal, kind, window_no, taken) on identity.request_windows to scoville_definer;
grant update (window_no, taken) on identity.request_windows to scoville_definer;
