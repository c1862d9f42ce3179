-- Transfers: admin reads all of them, staff those from and to their own warehouses.
alter table supply.transfers enable row level security;
alter table supply.transfers force row level security;

drop policy if exists transfers_select_own_region on supply.transfers;
create policy transfers_select_own_region on supply.transfers
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists transfers_select_every_warehouse on supply.transfers;
create policy transfers_select_every_warehouse on supply.transfers
  for select to admin, scoville_worker
  using (true);
drop policy if exists transfers_select_own_warehouses on supply.transfers;
create policy transfers_select_own_warehouses on supply.transfers
  for select to warehouse
  using (from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));

drop policy if exists transfers_select_definer on supply.transfers;
create policy transfers_select_definer on supply.transfers
  for select to scoville_definer
  using (app.reaches_all_warehouses() or from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));
drop policy if exists transfers_insert_definer on supply.transfers;
create policy transfers_insert_definer on supply.transfers
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));
drop policy if exists transfers_update_definer on supply.transfers;
create policy transfers_update_definer on supply.transfers
  for update to scoville_definer
  using (app.reaches_all_warehouses() or from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_warehouses() or from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));

grant select on supply.transfers to admin, warehouse, scoville_worker, scoville_definer;
grant insert (region_id, from_warehouse_id, to_warehouse_id, reference, note, expected_on, created_at, updated_at, changed_by, change_reason,
  request_id) on supply.transfers to scoville_definer;
grant update (status, reference, note, expected_on, shipped_at, ended_at, version, updated_at, changed_by, change_reason, request_id)
  on supply.transfers to scoville_definer;
grant usage on sequence supply.transfers_transfer_id_seq to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists transfers_select_analysts_of_everything on supply.transfers;
create policy transfers_select_analysts_of_everything on supply.transfers
  for select to bi_reader_all
  using (true);
drop policy if exists transfers_select_warehouses_of_the_login on supply.transfers;
create policy transfers_select_warehouses_of_the_login on supply.transfers
  for select to bi_reader
  using (from_warehouse_id = any (bi.own_warehouses()) or to_warehouse_id = any (bi.own_warehouses()));
grant select (region_id, transfer_id, from_warehouse_id, to_warehouse_id, status, expected_on, shipped_at) on supply.transfers to bi_reader;
