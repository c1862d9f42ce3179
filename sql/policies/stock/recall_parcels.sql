-- Parcels with units of recalled lots: sales read those of their channels, staff those that left their warehouses.
alter table stock.recall_parcels enable row level security;
alter table stock.recall_parcels force row level security;

drop policy if exists recall_parcels_select_own_region on stock.recall_parcels;
create policy recall_parcels_select_own_region on stock.recall_parcels
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists recall_parcels_select_everything on stock.recall_parcels;
create policy recall_parcels_select_everything on stock.recall_parcels
  for select to admin, scoville_worker
  using (true);
drop policy if exists recall_parcels_select_own_channels on stock.recall_parcels;
create policy recall_parcels_select_own_channels on stock.recall_parcels
  for select to sales
  using (channel_id = any (app.claim_channels()));
drop policy if exists recall_parcels_select_own_warehouses on stock.recall_parcels;
create policy recall_parcels_select_own_warehouses on stock.recall_parcels
  for select to warehouse
  using (warehouse_id = any (app.claim_warehouses()));

drop policy if exists recall_parcels_select_definer on stock.recall_parcels;
create policy recall_parcels_select_definer on stock.recall_parcels
  for select to scoville_definer
  using (app.claim_role() = 'admin');
drop policy if exists recall_parcels_insert_definer on stock.recall_parcels;
create policy recall_parcels_insert_definer on stock.recall_parcels
  for insert to scoville_definer
  with check (app.claim_role() = 'admin');
drop policy if exists recall_parcels_update_definer on stock.recall_parcels;
create policy recall_parcels_update_definer on stock.recall_parcels
  for update to scoville_definer
  using (app.claim_role() = 'admin')
  with check (app.claim_role() = 'admin');

grant select on stock.recall_parcels to admin, warehouse, sales, scoville_worker, scoville_definer;
grant insert (region_id, recall_id, fulfillment_id, lot_id, order_id, channel_id, warehouse_id, quantity,
  assumed) on stock.recall_parcels to scoville_definer;
grant update (recovered) on stock.recall_parcels to scoville_definer;
