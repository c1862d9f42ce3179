-- The sequencer writes what the log says of levels; no role of the API reads it.
alter table events.known_levels enable row level security;
alter table events.known_levels force row level security;

drop policy if exists known_levels_select_own_region on events.known_levels;
create policy known_levels_select_own_region on events.known_levels
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists known_levels_select_definer on events.known_levels;
create policy known_levels_select_definer on events.known_levels
  for select to scoville_definer
  using (true);
drop policy if exists known_levels_insert_definer on events.known_levels;
create policy known_levels_insert_definer on events.known_levels
  for insert to scoville_definer
  with check (true);
drop policy if exists known_levels_update_definer on events.known_levels;
create policy known_levels_update_definer on events.known_levels
  for update to scoville_definer
  using (true)
  with check (true);

grant select on events.known_levels to scoville_definer;
grant insert (region_id, sku_id, warehouse_id, available, calm_from, calm_until) on events.known_levels to scoville_definer;
grant update (available, calm_from, calm_until) on events.known_levels to scoville_definer;
