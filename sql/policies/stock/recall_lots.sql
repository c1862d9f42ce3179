-- The lots of recalls: the same rows as recalls.
alter table stock.recall_lots enable row level security;
alter table stock.recall_lots force row level security;

drop policy if exists recall_lots_select_own_region on stock.recall_lots;
create policy recall_lots_select_own_region on stock.recall_lots
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists recall_lots_select_everything on stock.recall_lots;
create policy recall_lots_select_everything on stock.recall_lots
  for select to admin, scoville_worker
  using (true);
drop policy if exists recall_lots_select_own_warehouses on stock.recall_lots;
create policy recall_lots_select_own_warehouses on stock.recall_lots
  for select to warehouse
  using (warehouse_ids && app.claim_warehouses());
drop policy if exists recall_lots_select_own_channels on stock.recall_lots;
create policy recall_lots_select_own_channels on stock.recall_lots
  for select to sales
  using (channel_ids && app.claim_channels());

drop policy if exists recall_lots_select_definer on stock.recall_lots;
create policy recall_lots_select_definer on stock.recall_lots
  for select to scoville_definer
  using (app.claim_role() = 'admin');
drop policy if exists recall_lots_insert_definer on stock.recall_lots;
create policy recall_lots_insert_definer on stock.recall_lots
  for insert to scoville_definer
  with check (app.claim_role() = 'admin');

drop policy if exists recall_lots_update_definer on stock.recall_lots;
create policy recall_lots_update_definer on stock.recall_lots
  for update to scoville_definer
  using (app.claim_role() = 'admin')
  with check (app.claim_role() = 'admin');

grant select on stock.recall_lots to admin, warehouse, sales, scoville_worker, scoville_definer;
grant insert (region_id, recall_id, lot_id, sku_id, received, on_hand, in_transit, shipped, returned,
  written_off, unexplained) on stock.recall_lots to scoville_definer;
grant update (warehouse_ids, channel_ids) on stock.recall_lots to scoville_definer;
