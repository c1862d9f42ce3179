-- Definer: no role reads the outbox; a snapshot asks which levels still have events in it.
-- Returns the levels whose last changes are committed but not in the log yet, of those that the caller may see: [[warehouse,
-- SKU], ..].
-- A snapshot already has their new state; the log will deliver it later. Its scan begins at live rows, as that of events.count_waiting.
create or replace function events.unsequenced_levels(
  p_region_id smallint
)
  returns json
  language sql
  stable
  security definer
  set search_path = ''
  set enable_seqscan = off
  set enable_bitmapscan = off
as $$
  select coalesce(json_agg(json_build_array(l.warehouse_id, l.sku_id)), '[]')
    from (select distinct o.warehouse_ids[1] as warehouse_id, o.sku_id
            from (select catalog.own_warehouses(p_region_id)) w (own)
           cross join events.outbox o
            join events.event_types t on t.type = o.type and t.about = 'level'
           where o.region_id = p_region_id and o.outbox_id > (select s.settled_id from events.stream s)
             and (w.own is null or o.warehouse_ids && w.own)) l;
$$;

alter function events.unsequenced_levels(smallint) owner to scoville_definer;
grant execute on function events.unsequenced_levels(smallint) to admin, warehouse, sales, integration;
