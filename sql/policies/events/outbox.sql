-- Every change writes it, the sequencer empties it; no role of the API reads it.
alter table events.outbox enable row level security;
alter table events.outbox force row level security;

drop policy if exists outbox_select_own_region on events.outbox;
create policy outbox_select_own_region on events.outbox
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id in (0, app.claim_region()) or app.reaches_all_regions());

drop policy if exists outbox_select_definer on events.outbox;
create policy outbox_select_definer on events.outbox
  for select to scoville_definer
  using (true);
drop policy if exists outbox_insert_definer on events.outbox;
create policy outbox_insert_definer on events.outbox
  for insert to scoville_definer
  with check (true);
drop policy if exists outbox_delete_definer on events.outbox;
create policy outbox_delete_definer on events.outbox
  for delete to scoville_definer
  using (true);

-- Erasures (orders.erase_waiting).
drop policy if exists outbox_update_definer on events.outbox;
create policy outbox_update_definer on events.outbox
  for update to scoville_definer
  using (app.reaches_all_channels())
  with check (app.reaches_all_channels());

grant select, delete on events.outbox to scoville_definer;
grant insert on events.outbox to scoville_definer;
grant usage on sequence events.outbox_outbox_id_seq to scoville_definer;
grant update (data) on events.outbox to scoville_definer;
