-- For the worker only.
alter table analytics.due_days enable row level security;
alter table analytics.due_days force row level security;

drop policy if exists due_days_select_own_region on analytics.due_days;
create policy due_days_select_own_region on analytics.due_days
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists due_days_select_definer on analytics.due_days;
create policy due_days_select_definer on analytics.due_days
  for select to scoville_definer
  using (app.claim_role() = 'scoville_worker');
drop policy if exists due_days_insert_definer on analytics.due_days;
create policy due_days_insert_definer on analytics.due_days
  for insert to scoville_definer
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists due_days_delete_definer on analytics.due_days;
create policy due_days_delete_definer on analytics.due_days
  for delete to scoville_definer
  using (app.claim_role() = 'scoville_worker');

grant select, delete on analytics.due_days to scoville_definer;
grant insert (region_id, placed_on) on analytics.due_days to scoville_definer;
