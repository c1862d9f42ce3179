-- Everybody may read where the log begins and ends. The sequencer moves its end, retention its beginning.
alter table events.stream enable row level security;
alter table events.stream force row level security;

drop policy if exists stream_select_everyone on events.stream;
create policy stream_select_everyone on events.stream
  for select to admin, warehouse, sales, integration, scoville_worker, scoville_definer
  using (true);
drop policy if exists stream_update_definer on events.stream;
create policy stream_update_definer on events.stream
  for update to scoville_definer
  using (true)
  with check (true);

drop policy if exists stream_select_owner on events.stream;
create policy stream_select_owner on events.stream
  for select to scoville_owner
  using (true);
drop policy if exists stream_update_owner on events.stream;
create policy stream_update_owner on events.stream
  for update to scoville_owner
  using (true)
  with check (true);

grant select on events.stream to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant update (epoch, origin, last_seq, last_hash, moved_id, settled_id, settling_id, settling_xid) on events.stream
  to scoville_definer;
