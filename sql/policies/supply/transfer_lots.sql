-- The same rows as the transfers.
alter table supply.transfer_lots enable row level security;
alter table supply.transfer_lots force row level security;

drop policy if exists transfer_lots_select_own_region on supply.transfer_lots;
create policy transfer_lots_select_own_region on supply.transfer_lots
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists transfer_lots_select_every_warehouse on supply.transfer_lots;
create policy transfer_lots_select_every_warehouse on supply.transfer_lots
  for select to admin, scoville_worker
  using (true);
drop policy if exists transfer_lots_select_own_warehouses on supply.transfer_lots;
create policy transfer_lots_select_own_warehouses on supply.transfer_lots
  for select to warehouse
  using (from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));

drop policy if exists transfer_lots_select_definer on supply.transfer_lots;
create policy transfer_lots_select_definer on supply.transfer_lots
  for select to scoville_definer
  using (app.reaches_all_warehouses() or from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));
drop policy if exists transfer_lots_insert_definer on supply.transfer_lots;
create policy transfer_lots_insert_definer on supply.transfer_lots
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));
drop policy if exists transfer_lots_update_definer on supply.transfer_lots;
create policy transfer_lots_update_definer on supply.transfer_lots
  for update to scoville_definer
  using (app.reaches_all_warehouses() or from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_warehouses() or from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));

grant select on supply.transfer_lots to admin, warehouse, scoville_worker, scoville_definer;
grant insert (region_id, transfer_id, lot_id, withheld, from_warehouse_id, to_warehouse_id, sku_id, shipped)
  on supply.transfer_lots to scoville_definer;
grant update (received, damaged, lost, taken_back) on supply.transfer_lots to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists transfer_lots_select_analysts_of_everything on supply.transfer_lots;
create policy transfer_lots_select_analysts_of_everything on supply.transfer_lots
  for select to bi_reader_all
  using (true);
drop policy if exists transfer_lots_select_warehouses_of_the_login on supply.transfer_lots;
create policy transfer_lots_select_warehouses_of_the_login on supply.transfer_lots
  for select to bi_reader
  using (from_warehouse_id = any (bi.own_warehouses()) or to_warehouse_id = any (bi.own_warehouses()));
grant select (region_id, transfer_id, lot_id, withheld, from_warehouse_id, to_warehouse_id, sku_id, in_transit) on supply.transfer_lots to bi_reader;
