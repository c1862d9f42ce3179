-- The same rows as stock_levels, but not for integrations.
alter table stock.count_requests enable row level security;
alter table stock.count_requests force row level security;

drop policy if exists count_requests_select_own_region on stock.count_requests;
create policy count_requests_select_own_region on stock.count_requests
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists count_requests_select_every_warehouse on stock.count_requests;
create policy count_requests_select_every_warehouse on stock.count_requests
  for select to admin, sales, scoville_worker
  using (true);
drop policy if exists count_requests_select_own_warehouses on stock.count_requests;
create policy count_requests_select_own_warehouses on stock.count_requests
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists count_requests_select_definer on stock.count_requests;
create policy count_requests_select_definer on stock.count_requests
  for select to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists count_requests_insert_definer on stock.count_requests;
create policy count_requests_insert_definer on stock.count_requests
  for insert to scoville_definer
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists count_requests_update_definer on stock.count_requests;
create policy count_requests_update_definer on stock.count_requests
  for update to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()))
  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));
drop policy if exists count_requests_delete_definer on stock.count_requests;
create policy count_requests_delete_definer on stock.count_requests
  for delete to scoville_definer
  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));

-- An integration sees no row: what it reads of a SKU asks for requests in the same statement.
grant select on stock.count_requests to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (region_id, warehouse_id, sku_id, requested_at, units, document) on stock.count_requests to scoville_definer;
grant update (units, document) on stock.count_requests to scoville_definer;
grant delete on stock.count_requests to scoville_definer;
