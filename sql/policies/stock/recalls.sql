-- Recalls: admin reads all of them, staff those that have units in their warehouses, sales those that concern their channels.
alter table stock.recalls enable row level security;
alter table stock.recalls force row level security;

drop policy if exists recalls_select_own_region on stock.recalls;
create policy recalls_select_own_region on stock.recalls
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists recalls_select_everything on stock.recalls;
create policy recalls_select_everything on stock.recalls
  for select to admin, scoville_worker
  using (true);
drop policy if exists recalls_select_own_warehouses on stock.recalls;
create policy recalls_select_own_warehouses on stock.recalls
  for select to warehouse
  using (warehouse_ids && app.claim_warehouses());
drop policy if exists recalls_select_own_channels on stock.recalls;
create policy recalls_select_own_channels on stock.recalls
  for select to sales
  using (channel_ids && app.claim_channels());

drop policy if exists recalls_select_definer on stock.recalls;
create policy recalls_select_definer on stock.recalls
  for select to scoville_definer
  using (app.claim_role() = 'admin');
drop policy if exists recalls_insert_definer on stock.recalls;
create policy recalls_insert_definer on stock.recalls
  for insert to scoville_definer
  with check (app.claim_role() = 'admin');
drop policy if exists recalls_update_definer on stock.recalls;
create policy recalls_update_definer on stock.recalls
  for update to scoville_definer
  using (app.claim_role() = 'admin')
  with check (app.claim_role() = 'admin');

grant select on stock.recalls to admin, warehouse, sales, scoville_worker, scoville_definer;
grant insert (region_id, reason_code, note, person, warehouse_ids, channel_ids, seconds, digest, opened_at, updated_at, changed_by, change_reason,
  request_id) on stock.recalls to scoville_definer;
grant update (status, warehouse_ids, channel_ids, seconds, digest, closed_at, close_note, version, updated_at, changed_by, change_reason,
  request_id) on stock.recalls to scoville_definer;
grant usage on sequence stock.recalls_recall_id_seq to scoville_definer;
