-- The same rows as the purchases.
alter table supply.purchase_lines enable row level security;
alter table supply.purchase_lines force row level security;

drop policy if exists purchase_lines_select_own_region on supply.purchase_lines;
create policy purchase_lines_select_own_region on supply.purchase_lines
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists purchase_lines_select_every_warehouse on supply.purchase_lines;
create policy purchase_lines_select_every_warehouse on supply.purchase_lines
  for select to admin, scoville_worker
  using (true);
drop policy if exists purchase_lines_select_own_warehouses on supply.purchase_lines;
create policy purchase_lines_select_own_warehouses on supply.purchase_lines
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists purchase_lines_select_definer on supply.purchase_lines;
create policy purchase_lines_select_definer on supply.purchase_lines
  for select to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists purchase_lines_insert_definer on supply.purchase_lines;
create policy purchase_lines_insert_definer on supply.purchase_lines
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists purchase_lines_update_definer on supply.purchase_lines;
create policy purchase_lines_update_definer on supply.purchase_lines
  for update to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on supply.purchase_lines to admin, warehouse, scoville_worker, scoville_definer;
grant insert (region_id, purchase_id, line_no, warehouse_id, sku_id, is_ordered, expected_on, quantity)
  on supply.purchase_lines to scoville_definer;
grant update (is_ordered, expected_on, quantity, over, received, damaged, refused, canceled)
  on supply.purchase_lines to scoville_definer;
