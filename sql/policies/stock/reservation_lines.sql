-- As the reservation they belong to.
alter table stock.reservation_lines enable row level security;
alter table stock.reservation_lines force row level security;

drop policy if exists reservation_lines_select_own_region on stock.reservation_lines;
create policy reservation_lines_select_own_region on stock.reservation_lines
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists reservation_lines_select_every_channel on stock.reservation_lines;
create policy reservation_lines_select_every_channel on stock.reservation_lines
  for select to admin, scoville_worker
  using (true);
drop policy if exists reservation_lines_select_own_channels on stock.reservation_lines;
create policy reservation_lines_select_own_channels on stock.reservation_lines
  for select to sales, integration
  using (channel_id = any (app.claim_channels()));

drop policy if exists reservation_lines_select_definer on stock.reservation_lines;
create policy reservation_lines_select_definer on stock.reservation_lines
  for select to scoville_definer
  using (true);
drop policy if exists reservation_lines_insert_definer on stock.reservation_lines;
create policy reservation_lines_insert_definer on stock.reservation_lines
  for insert to scoville_definer
  with check (app.reaches_all_channels() or channel_id = any (app.claim_channels()));

grant select on stock.reservation_lines to admin, sales, integration, scoville_worker, scoville_definer;
grant insert (region_id, reservation_id, sku_id, warehouse_id, channel_id, quantity) on stock.reservation_lines
  to scoville_definer;

-- Analysts, through the views of schema bi: these columns and no others.
drop policy if exists reservation_lines_select_analysts_of_everything on stock.reservation_lines;
create policy reservation_lines_select_analysts_of_everything on stock.reservation_lines
  for select to bi_reader_all
  using (true);
drop policy if exists reservation_lines_select_warehouses_of_the_login on stock.reservation_lines;
create policy reservation_lines_select_warehouses_of_the_login on stock.reservation_lines
  for select to bi_reader
  using (warehouse_id = any (bi.own_warehouses()));
grant select (region_id, reservation_id, sku_id, warehouse_id, channel_id, quantity) on stock.reservation_lines to bi_reader;
