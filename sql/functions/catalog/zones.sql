-- The time zone of each warehouse: its own, or that of its region. Says when its days begin, and until when a lot is sold there.
-- Standard body, so that the planner puts the join in place of the call.
create or replace function catalog.zones()
  returns table (region_id smallint, warehouse_id text, time_zone text)
  language sql
  stable
  parallel safe
begin atomic
  select w.region_id, w.warehouse_id, coalesce(w.time_zone, r.time_zone) as time_zone
    from catalog.warehouses w
    join catalog.regions r on r.region_id = w.region_id;
end;

grant execute on function catalog.zones() to scoville_definer, admin, warehouse, sales, integration, scoville_worker, bi_reader;
