-- Where units of recalled lots lay: staff read their own warehouses. Sales see no row: what they read of a recall asks for places in the same statement.
alter table stock.recall_places enable row level security;
alter table stock.recall_places force row level security;

drop policy if exists recall_places_select_own_region on stock.recall_places;
create policy recall_places_select_own_region on stock.recall_places
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists recall_places_select_everything on stock.recall_places;
create policy recall_places_select_everything on stock.recall_places
  for select to admin, scoville_worker
  using (true);
drop policy if exists recall_places_select_own_warehouses on stock.recall_places;
create policy recall_places_select_own_warehouses on stock.recall_places
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists recall_places_select_definer on stock.recall_places;
create policy recall_places_select_definer on stock.recall_places
  for select to scoville_definer
  using (app.claim_role() = 'admin');
drop policy if exists recall_places_insert_definer on stock.recall_places;
create policy recall_places_insert_definer on stock.recall_places
  for insert to scoville_definer
  with check (app.claim_role() = 'admin');

grant select on stock.recall_places to admin, warehouse, sales, scoville_worker, scoville_definer;
grant insert (region_id, recall_id, lot_id, warehouse_id, units, in_transit, transfers) on stock.recall_places to scoville_definer;
