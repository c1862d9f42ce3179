-- The same rows as the purchases.
alter table supply.receipt_lines enable row level security;
alter table supply.receipt_lines force row level security;

drop policy if exists receipt_lines_select_own_region on supply.receipt_lines;
create policy receipt_lines_select_own_region on supply.receipt_lines
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists receipt_lines_select_every_warehouse on supply.receipt_lines;
create policy receipt_lines_select_every_warehouse on supply.receipt_lines
  for select to admin, scoville_worker
  using (true);
drop policy if exists receipt_lines_select_own_warehouses on supply.receipt_lines;
create policy receipt_lines_select_own_warehouses on supply.receipt_lines
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists receipt_lines_select_definer on supply.receipt_lines;
create policy receipt_lines_select_definer on supply.receipt_lines
  for select to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists receipt_lines_insert_definer on supply.receipt_lines;
create policy receipt_lines_insert_definer on supply.receipt_lines
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on supply.receipt_lines to admin, warehouse, scoville_worker, scoville_definer;
grant insert (region_id, receipt_id, line_no, warehouse_id, sku_id, lot_id, quantity, condition, reason_code)
  on supply.receipt_lines to scoville_definer;
