-- The sequencer writes what it announced of SKUs; no role of the API reads it.
alter table events.announced_states enable row level security;
alter table events.announced_states force row level security;

drop policy if exists announced_states_select_own_region on events.announced_states;
create policy announced_states_select_own_region on events.announced_states
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists announced_states_select_definer on events.announced_states;
create policy announced_states_select_definer on events.announced_states
  for select to scoville_definer
  using (true);
drop policy if exists announced_states_insert_definer on events.announced_states;
create policy announced_states_insert_definer on events.announced_states
  for insert to scoville_definer
  with check (true);
drop policy if exists announced_states_update_definer on events.announced_states;
create policy announced_states_update_definer on events.announced_states
  for update to scoville_definer
  using (true)
  with check (true);

grant select on events.announced_states to scoville_definer;
grant insert (region_id, sku_id, scope, scope_id, state, version) on events.announced_states to scoville_definer;
grant update (state, version) on events.announced_states to scoville_definer;
