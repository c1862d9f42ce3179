-- Reservations belong to a channel. The definer also reaches those of other channels, because an expired reservation of any
-- channel must not block an order. Functions that change a reservation for a caller compare its channel with the claims.
alter table stock.reservations enable row level security;
alter table stock.reservations force row level security;

drop policy if exists reservations_select_own_region on stock.reservations;
create policy reservations_select_own_region on stock.reservations
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists reservations_select_every_channel on stock.reservations;
create policy reservations_select_every_channel on stock.reservations
  for select to admin, scoville_worker
  using (true);
drop policy if exists reservations_select_own_channels on stock.reservations;
create policy reservations_select_own_channels on stock.reservations
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));

drop policy if exists reservations_select_definer on stock.reservations;
create policy reservations_select_definer on stock.reservations
  for select to scoville_definer
  using (true);
drop policy if exists reservations_insert_definer on stock.reservations;
create policy reservations_insert_definer on stock.reservations
  for insert to scoville_definer
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()));
drop policy if exists reservations_update_definer on stock.reservations;
create policy reservations_update_definer on stock.reservations
  for update to scoville_definer
  using (true)
  with check (true);

grant select on stock.reservations to admin, sales, integration, scoville_worker, scoville_definer;
grant insert (region_id, reservation_id, channel_id, owner, expires_at, items, note, created_at, updated_at, changed_by, change_reason,
  request_id) on stock.reservations to scoville_definer;
grant update (status, expires_at, order_id, note, version, updated_at, changed_by, change_reason, request_id)
  on stock.reservations to scoville_definer;
grant usage on sequence stock.reservations_reservation_id_seq to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists reservations_select_analysts_of_everything on stock.reservations;
create policy reservations_select_analysts_of_everything on stock.reservations
  for select to bi_reader_all
  using (true);
-- A bound login reads the reservations that hold units of its warehouses: the row's own policy must say so, not only the join
-- of a view, below which PostgreSQL may apply a condition of the reader.
drop policy if exists reservations_select_warehouses_of_the_login on stock.reservations;
create policy reservations_select_warehouses_of_the_login on stock.reservations
  for select to bi_reader
  using (exists (select from stock.reservation_lines w
                  where w.region_id = reservations.region_id and w.reservation_id = reservations.reservation_id
                    and w.warehouse_id = any (bi.own_warehouses())));
grant select (region_id, reservation_id, channel_id, status, expires_at, order_id, created_at) on stock.reservations to bi_reader;
