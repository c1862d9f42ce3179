-- Everybody may know how old the sums are.
alter table analytics.rollups enable row level security;
alter table analytics.rollups force row level security;

drop policy if exists rollups_select_own_region on analytics.rollups;
create policy rollups_select_own_region on analytics.rollups
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists rollups_select_everyone on analytics.rollups;
create policy rollups_select_everyone on analytics.rollups
  for select to admin, bi_reader
  using (true);

drop policy if exists rollups_select_definer on analytics.rollups;
create policy rollups_select_definer on analytics.rollups
  for select to scoville_definer
  using (app.claim_role() = 'scoville_worker');
drop policy if exists rollups_insert_definer on analytics.rollups;
create policy rollups_insert_definer on analytics.rollups
  for insert to scoville_definer
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists rollups_update_definer on analytics.rollups;
create policy rollups_update_definer on analytics.rollups
  for update to scoville_definer
  using (app.claim_role() = 'scoville_worker')
  with check (app.claim_role() = 'scoville_worker');

grant select (region_id, rollup, as_of_at) on analytics.rollups to admin, bi_reader;
grant select on analytics.rollups to scoville_definer;
grant insert (region_id, rollup) on analytics.rollups to scoville_definer;
grant update (as_of_at, last_seq, time_zone) on analytics.rollups to scoville_definer;
