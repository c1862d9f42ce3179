-- The same rows as the ledger.
alter table analytics.lot_receipts enable row level security;
alter table analytics.lot_receipts force row level security;

drop policy if exists lot_receipts_select_own_region on analytics.lot_receipts;
create policy lot_receipts_select_own_region on analytics.lot_receipts
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists lot_receipts_select_every_warehouse on analytics.lot_receipts;
create policy lot_receipts_select_every_warehouse on analytics.lot_receipts
  for select to admin, bi_reader_all
  using (true);
drop policy if exists lot_receipts_select_warehouses_of_the_login on analytics.lot_receipts;
create policy lot_receipts_select_warehouses_of_the_login on analytics.lot_receipts
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));

drop policy if exists lot_receipts_select_definer on analytics.lot_receipts;
create policy lot_receipts_select_definer on analytics.lot_receipts
  for select to scoville_definer
  using (app.claim_role() = 'scoville_worker');
drop policy if exists lot_receipts_insert_definer on analytics.lot_receipts;
create policy lot_receipts_insert_definer on analytics.lot_receipts
  for insert to scoville_definer
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists lot_receipts_update_definer on analytics.lot_receipts;
create policy lot_receipts_update_definer on analytics.lot_receipts
  for update to scoville_definer
  using (app.claim_role() = 'scoville_worker')
  with check (app.claim_role() = 'scoville_worker');
drop policy if exists lot_receipts_delete_definer on analytics.lot_receipts;
create policy lot_receipts_delete_definer on analytics.lot_receipts
  for delete to scoville_definer
  using (app.claim_role() = 'scoville_worker');

grant select on analytics.lot_receipts to admin, bi_reader;
grant select, delete on analytics.lot_receipts to scoville_definer;
grant insert (region_id, warehouse_id, sku_id, lot_id, first_received_at, last_received_at, received)
  on analytics.lot_receipts to scoville_definer;
grant update (first_received_at, last_received_at, received) on analytics.lot_receipts to scoville_definer;
