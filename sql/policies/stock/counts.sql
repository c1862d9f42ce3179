-- Counts: admin reads all of them, staff those of their own warehouses.
alter table stock.counts enable row level security;
alter table stock.counts force row level security;

drop policy if exists counts_select_own_region on stock.counts;
create policy counts_select_own_region on stock.counts
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists counts_select_every_warehouse on stock.counts;
create policy counts_select_every_warehouse on stock.counts
  for select to admin, scoville_worker
  using (true);
drop policy if exists counts_select_own_warehouses on stock.counts;
create policy counts_select_own_warehouses on stock.counts
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists counts_select_definer on stock.counts;
create policy counts_select_definer on stock.counts
  for select to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists counts_insert_definer on stock.counts;
create policy counts_insert_definer on stock.counts
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists counts_update_definer on stock.counts;
create policy counts_update_definer on stock.counts
  for update to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on stock.counts to admin, warehouse, scoville_worker, scoville_definer;
grant insert (region_id, warehouse_id, scope, blind, tolerance_units, tolerance_percent, note, created_at, updated_at, changed_by,
  change_reason, request_id) on stock.counts to scoville_definer;
grant update (status, version, updated_at, changed_by, change_reason, request_id) on stock.counts to scoville_definer;
grant usage on sequence stock.counts_count_id_seq to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists counts_select_analysts_of_everything on stock.counts;
create policy counts_select_analysts_of_everything on stock.counts
  for select to bi_reader_all
  using (true);
drop policy if exists counts_select_warehouses_of_the_login on stock.counts;
create policy counts_select_warehouses_of_the_login on stock.counts
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));
grant select (region_id, count_id, warehouse_id, scope) on stock.counts to bi_reader;
