-- The same rows as the purchases.
alter table supply.receipts enable row level security;
alter table supply.receipts force row level security;

drop policy if exists receipts_select_own_region on supply.receipts;
create policy receipts_select_own_region on supply.receipts
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists receipts_select_every_warehouse on supply.receipts;
create policy receipts_select_every_warehouse on supply.receipts
  for select to admin, scoville_worker
  using (true);
drop policy if exists receipts_select_own_warehouses on supply.receipts;
create policy receipts_select_own_warehouses on supply.receipts
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists receipts_select_definer on supply.receipts;
create policy receipts_select_definer on supply.receipts
  for select to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists receipts_insert_definer on supply.receipts;
create policy receipts_insert_definer on supply.receipts
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on supply.receipts to admin, warehouse, scoville_worker, scoville_definer;
grant insert (region_id, receipt_id, purchase_id, warehouse_id, delivery_note, delivery_key, received_at, note, created_at, changed_by, change_reason,
  request_id) on supply.receipts to scoville_definer;
grant usage on sequence supply.receipts_receipt_id_seq to scoville_definer;
