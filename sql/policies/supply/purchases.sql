-- Purchases: admin reads all of them, staff those for their own warehouses.
alter table supply.purchases enable row level security;
alter table supply.purchases force row level security;

drop policy if exists purchases_select_own_region on supply.purchases;
create policy purchases_select_own_region on supply.purchases
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists purchases_select_every_warehouse on supply.purchases;
create policy purchases_select_every_warehouse on supply.purchases
  for select to admin, scoville_worker
  using (true);
drop policy if exists purchases_select_own_warehouses on supply.purchases;
create policy purchases_select_own_warehouses on supply.purchases
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists purchases_select_definer on supply.purchases;
create policy purchases_select_definer on supply.purchases
  for select to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists purchases_insert_definer on supply.purchases;
create policy purchases_insert_definer on supply.purchases
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists purchases_update_definer on supply.purchases;
create policy purchases_update_definer on supply.purchases
  for update to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

grant select on supply.purchases to admin, warehouse, scoville_worker, scoville_definer;
grant insert (region_id, supplier_id, warehouse_id, expected_on, supplier_reference, note, created_at, updated_at, changed_by, change_reason, request_id)
  on supply.purchases to scoville_definer;
grant update (status, expected_on, supplier_reference, note, ordered_at, closed_at, version, updated_at, changed_by, change_reason, request_id)
  on supply.purchases to scoville_definer;
grant usage on sequence supply.purchases_purchase_id_seq to scoville_definer;
