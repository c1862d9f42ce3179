-- For the worker only.
alter table analytics.stock_marks enable row level security;
alter table analytics.stock_marks force row level security;

drop policy if exists stock_marks_select_definer on analytics.stock_marks;
create policy stock_marks_select_definer on analytics.stock_marks
  for select to scoville_definer
  using (app.claim_role() = 'scoville_worker');
drop policy if exists stock_marks_insert_definer on analytics.stock_marks;
create policy stock_marks_insert_definer on analytics.stock_marks
  for insert to scoville_definer
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists stock_marks_update_definer on analytics.stock_marks;
create policy stock_marks_update_definer on analytics.stock_marks
  for update to scoville_definer
  using (app.claim_role() = 'scoville_worker')
  with check (app.claim_role() = 'scoville_worker');

grant select on analytics.stock_marks to scoville_definer;
grant insert (region_id, warehouse_id, sku_id, movement_id, version, first_on, last_on)
  on analytics.stock_marks to scoville_definer;
grant update (movement_id, version, first_on, last_on) on analytics.stock_marks to scoville_definer;
