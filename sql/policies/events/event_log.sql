-- Append-only: the sequencer writes it, nobody may update or delete, but for events.erase_events, which is the owner's. Admin and
-- worker read every event, other roles the events of their audience (events.event_types); pyapp/eventlog/rights.py repeats this rule.
-- Channels and warehouses need no index, because every read names a bounded range of seq.
alter table events.event_log enable row level security;
alter table events.event_log force row level security;

drop policy if exists event_log_select_own_region on events.event_log;
create policy event_log_select_own_region on events.event_log
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id in (0, app.claim_region()) or app.reaches_all_regions());

drop policy if exists event_log_select_everything on events.event_log;
create policy event_log_select_everything on events.event_log
  for select to admin, scoville_worker
  using (true);
drop policy if exists event_log_select_own_channels on events.event_log;
create policy event_log_select_own_channels on events.event_log
  for select to sales, integration
  using (audience in ('channel', 'warehouse') and channel_id = any (app.claim_channels()));
drop policy if exists event_log_select_own_warehouses on events.event_log;
create policy event_log_select_own_warehouses on events.event_log
  for select to warehouse
  using (audience = 'warehouse' and warehouse_ids && app.claim_warehouses());
drop policy if exists event_log_select_everybody on events.event_log;
create policy event_log_select_everybody on events.event_log
  for select to warehouse, sales, integration
  using (audience = 'everybody');

drop policy if exists event_log_select_definer on events.event_log;
create policy event_log_select_definer on events.event_log
  for select to scoville_definer
  using (true);
drop policy if exists event_log_insert_definer on events.event_log;
create policy event_log_insert_definer on events.event_log
  for insert to scoville_definer
  with check (true);

-- Retention (jobs.drop_old_events) and erasures find their events.
drop policy if exists event_log_select_owner on events.event_log;
create policy event_log_select_owner on events.event_log
  for select to scoville_owner
  using (true);

drop policy if exists event_log_update_owner on events.event_log;
create policy event_log_update_owner on events.event_log
  for update to scoville_owner
  using (app.is_erasing())
  with check (app.is_erasing());

grant select on events.event_log to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (region_id, seq, epoch, recorded_at, type, audience, subject, sku_id, warehouse_ids, channel_id, version, data, actor,
  request_id, occurred_at, hash, salt) on events.event_log to scoville_definer;

-- A partition has no policy, so nobody can read it directly.
alter table events.event_log_default enable row level security;
alter table events.event_log_default force row level security;
