-- Lots of the region, without their warehouses. Integrations do not see them.
alter table stock.lots enable row level security;
alter table stock.lots force row level security;

drop policy if exists lots_select_own_region on stock.lots;
create policy lots_select_own_region on stock.lots
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists lots_select_staff on stock.lots;
create policy lots_select_staff on stock.lots
  for select to admin, warehouse, sales, scoville_worker
  using (true);

drop policy if exists lots_select_definer on stock.lots;
create policy lots_select_definer on stock.lots
  for select to scoville_definer
  using (true);
drop policy if exists lots_insert_definer on stock.lots;
create policy lots_insert_definer on stock.lots
  for insert to scoville_definer
  with check (true);
drop policy if exists lots_update_definer on stock.lots;
create policy lots_update_definer on stock.lots
  for update to scoville_definer
  using (true)
  with check (true);

grant select on stock.lots to admin, warehouse, sales, scoville_worker, scoville_definer;
grant insert (region_id, sku_id, batch_number, batch_key, status, expiration_date, manufactured_on, changed_by,
  change_reason, request_id) on stock.lots to scoville_definer;
grant update (status, expiration_date, manufactured_on, version, updated_at, changed_by, change_reason, request_id)
  on stock.lots to scoville_definer;
grant usage on sequence stock.lots_lot_id_seq to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists lots_select_analysts_of_everything on stock.lots;
create policy lots_select_analysts_of_everything on stock.lots
  for select to bi_reader_all
  using (true);
-- A bound login reads the lots that its warehouses have or had, or that are or were on their way from or to them (see stock.reservations for the reason).
drop policy if exists lots_select_warehouses_of_the_login on stock.lots;
create policy lots_select_warehouses_of_the_login on stock.lots
  for select to bi_reader
  using (exists (select from stock.lot_levels w
                  where w.region_id = lots.region_id and w.lot_id = lots.lot_id
                    and w.warehouse_id = any (bi.own_warehouses()))
         or exists (select from supply.transfer_lots n
                     where n.region_id = lots.region_id and n.lot_id = lots.lot_id
                       and (n.from_warehouse_id = any (bi.own_warehouses()) or n.to_warehouse_id = any (bi.own_warehouses()))));
grant select (region_id, lot_id, sku_id, batch_number, expiration_date, manufactured_on, status) on stock.lots to bi_reader;
