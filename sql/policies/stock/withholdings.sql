-- Units that were set aside: admin reads all of them, staff those of their own warehouses.
alter table stock.withholdings enable row level security;
alter table stock.withholdings force row level security;

drop policy if exists withholdings_select_own_region on stock.withholdings;
create policy withholdings_select_own_region on stock.withholdings
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists withholdings_select_every_warehouse on stock.withholdings;
create policy withholdings_select_every_warehouse on stock.withholdings
  for select to admin, scoville_worker
  using (true);
drop policy if exists withholdings_select_own_warehouses on stock.withholdings;
create policy withholdings_select_own_warehouses on stock.withholdings
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists withholdings_select_definer on stock.withholdings;
create policy withholdings_select_definer on stock.withholdings
  for select to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists withholdings_insert_definer on stock.withholdings;
create policy withholdings_insert_definer on stock.withholdings
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists withholdings_update_definer on stock.withholdings;
create policy withholdings_update_definer on stock.withholdings
  for update to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on stock.withholdings to admin, warehouse, scoville_worker, scoville_definer;
grant insert (region_id, withholding_id, warehouse_id, sku_id, lot_id, cause, document, note, quantity, created_at, updated_at, changed_by,
  change_reason, request_id) on stock.withholdings to scoville_definer;
grant update (restocked, scrapped, sent_back, transferred, note, version, updated_at, changed_by, change_reason, request_id)
  on stock.withholdings to scoville_definer;
grant usage on sequence stock.withholdings_withholding_id_seq to scoville_definer;
