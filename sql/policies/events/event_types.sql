-- Every role reads the event types; migrations write them.
alter table events.event_types enable row level security;
alter table events.event_types force row level security;

drop policy if exists event_types_select_every_role on events.event_types;
create policy event_types_select_every_role on events.event_types
  for select to admin, warehouse, sales, integration, scoville_worker
  using (true);
drop policy if exists event_types_select_definer on events.event_types;
create policy event_types_select_definer on events.event_types
  for select to scoville_definer
  using (true);

grant select on events.event_types to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
