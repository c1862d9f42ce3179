-- Read as the counts. Append-only.
alter table stock.count_entries enable row level security;
alter table stock.count_entries force row level security;

drop policy if exists count_entries_select_own_region on stock.count_entries;
create policy count_entries_select_own_region on stock.count_entries
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists count_entries_select_every_warehouse on stock.count_entries;
create policy count_entries_select_every_warehouse on stock.count_entries
  for select to admin, scoville_worker
  using (true);
drop policy if exists count_entries_select_own_warehouses on stock.count_entries;
create policy count_entries_select_own_warehouses on stock.count_entries
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists count_entries_select_definer on stock.count_entries;
create policy count_entries_select_definer on stock.count_entries
  for select to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists count_entries_insert_definer on stock.count_entries;
create policy count_entries_insert_definer on stock.count_entries
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on stock.count_entries to admin, warehouse, scoville_worker, scoville_definer;
grant insert (region_id, count_id, warehouse_id, sku_id, lot_id, round, counter, counted, mark_movement_id, on_hand_at_mark, counted_at,
  recorded_at, note, request_id) on stock.count_entries to scoville_definer;
grant usage on sequence stock.count_entries_entry_id_seq to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists count_entries_select_analysts_of_everything on stock.count_entries;
create policy count_entries_select_analysts_of_everything on stock.count_entries
  for select to bi_reader_all
  using (true);
drop policy if exists count_entries_select_warehouses_of_the_login on stock.count_entries;
create policy count_entries_select_warehouses_of_the_login on stock.count_entries
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));
grant select (region_id, entry_id, warehouse_id, counted, on_hand_at_mark, counted_at) on stock.count_entries to bi_reader;
