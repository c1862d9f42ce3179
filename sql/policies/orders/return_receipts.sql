-- The same rows as the returns.
alter table orders.return_receipts enable row level security;
alter table orders.return_receipts force row level security;

drop policy if exists return_receipts_select_own_region on orders.return_receipts;
create policy return_receipts_select_own_region on orders.return_receipts
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists return_receipts_select_every_channel on orders.return_receipts;
create policy return_receipts_select_every_channel on orders.return_receipts
  for select to admin, scoville_worker
  using (true);
drop policy if exists return_receipts_select_own_channels on orders.return_receipts;
create policy return_receipts_select_own_channels on orders.return_receipts
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));
drop policy if exists return_receipts_select_own_warehouses on orders.return_receipts;
create policy return_receipts_select_own_warehouses on orders.return_receipts
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists return_receipts_select_definer on orders.return_receipts;
create policy return_receipts_select_definer on orders.return_receipts
  for select to scoville_definer
  using (true);
drop policy if exists return_receipts_insert_definer on orders.return_receipts;
create policy return_receipts_insert_definer on orders.return_receipts
  for insert to scoville_definer
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()) or warehouse_id = any (app.claim_warehouses()));

grant select on orders.return_receipts to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (region_id, withholding_id, return_id, line_no, channel_id, warehouse_id)
  on orders.return_receipts to scoville_definer;
