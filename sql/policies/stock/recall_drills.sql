-- Drills are the admin's.
alter table stock.recall_drills enable row level security;
alter table stock.recall_drills force row level security;

drop policy if exists recall_drills_select_own_region on stock.recall_drills;
create policy recall_drills_select_own_region on stock.recall_drills
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists recall_drills_select_everything on stock.recall_drills;
create policy recall_drills_select_everything on stock.recall_drills
  for select to admin, scoville_worker
  using (true);

drop policy if exists recall_drills_select_definer on stock.recall_drills;
create policy recall_drills_select_definer on stock.recall_drills
  for select to scoville_definer
  using (app.claim_role() = 'admin');
drop policy if exists recall_drills_insert_definer on stock.recall_drills;
create policy recall_drills_insert_definer on stock.recall_drills
  for insert to scoville_definer
  with check (app.claim_role() = 'admin');

grant select on stock.recall_drills to admin, scoville_worker, scoville_definer;
grant insert (region_id, document, seconds, digest, drilled_at, changed_by, change_reason, request_id) on stock.recall_drills to scoville_definer;
grant usage on sequence stock.recall_drills_drill_id_seq to scoville_definer;
