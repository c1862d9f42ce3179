-- The same rows as the transfers.
alter table supply.transfer_lines enable row level security;
alter table supply.transfer_lines force row level security;

drop policy if exists transfer_lines_select_own_region on supply.transfer_lines;
create policy transfer_lines_select_own_region on supply.transfer_lines
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists transfer_lines_select_every_warehouse on supply.transfer_lines;
create policy transfer_lines_select_every_warehouse on supply.transfer_lines
  for select to admin, scoville_worker
  using (true);
drop policy if exists transfer_lines_select_own_warehouses on supply.transfer_lines;
create policy transfer_lines_select_own_warehouses on supply.transfer_lines
  for select to warehouse
  using (from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));

drop policy if exists transfer_lines_select_definer on supply.transfer_lines;
create policy transfer_lines_select_definer on supply.transfer_lines
  for select to scoville_definer
  using (app.reaches_all_warehouses() or from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));
drop policy if exists transfer_lines_insert_definer on supply.transfer_lines;
create policy transfer_lines_insert_definer on supply.transfer_lines
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));
drop policy if exists transfer_lines_delete_definer on supply.transfer_lines;
create policy transfer_lines_delete_definer on supply.transfer_lines
  for delete to scoville_definer
  using (app.reaches_all_warehouses() or from_warehouse_id = any (app.claim_warehouses()) or to_warehouse_id = any (app.claim_warehouses()));

grant select on supply.transfer_lines to admin, warehouse, scoville_worker, scoville_definer;
grant insert (region_id, transfer_id, line_no, from_warehouse_id, to_warehouse_id, sku_id, lot_id, withheld, quantity)
  on supply.transfer_lines to scoville_definer;
grant delete on supply.transfer_lines to scoville_definer;
