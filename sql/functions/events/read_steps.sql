-- What these events of a batch (p_nths) change of what can be sold: one step per posting of a level, and one without a warehouse for each SKU
-- whose sum has to be looked at again, because its reorder point, the warehouses of a channel, or a warehouse changed.
-- Nested loops only look up by key, as laterals: the planner does not know how many events and SKUs a batch has.
-- A level begins where the log left it (events.known_levels); one that the log does not know, where its first event says.
create or replace function events.read_steps(
  p_events events.outbox[],
  p_nths bigint[]
)
  returns events.step[]
  language plpgsql
  stable
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_nestloop = off
  set jit = off
as $$
begin
  return array(
    with happened as materialized (
      select e.ordinality as nth, e.region_id, e.type, e.sku_id, e.warehouse_ids, e.version, e.occurred_at, e.data -> 'old' as old,
             e.data -> 'new' as new
        from unnest(p_events) with ordinality e
        join events.event_types t on t.type = e.type and t.about in ('level', 'sku', 'channel', 'warehouse')
       where e.ordinality = any (p_nths)
    ), postings as (  -- a posting makes an event per kind of change, all with the same states
      select h.region_id, h.sku_id, h.warehouse_ids[1] as warehouse_id, max(h.nth) as nth, max(h.occurred_at) as occurred_at,
             max((h.new ->> 'available')::bigint) as after, max((h.old ->> 'available')::bigint) as before,
             bool_or(h.type = 'stock.adjusted') as adjusted
        from happened h
       where h.new ->> 'available' is not null
       group by h.region_id, h.sku_id, h.warehouse_ids[1], h.version
    ), moved as (
      select p.*, lag(p.after, 1, coalesce(w.available, p.before, 0)) over (
               partition by p.region_id, p.sku_id, p.warehouse_id order by p.nth) as came_from
        from postings p
        left join lateral (
          select k.available from events.known_levels k
           where k.region_id = p.region_id and k.sku_id = p.sku_id and k.warehouse_id = p.warehouse_id
           limit 1) w on true
    ), looked_at as (
      select h.nth, r.region_id, h.sku_id, h.occurred_at
        from happened h
       cross join catalog.regions r
       where h.type = 'sku.changed' and h.old -> 'reorder_point' is distinct from h.new -> 'reorder_point'
       union
      select h.nth, l.region_id, l.sku_id, h.occurred_at
        from happened h
       cross join lateral jsonb_array_elements_text(case h.type when 'warehouse.changed' then to_jsonb(h.warehouse_ids)
               else coalesce(h.old -> 'warehouses', '[]') || coalesce(h.new -> 'warehouses', '[]') end) w (warehouse_id)
       cross join lateral (
         select v.region_id, v.sku_id from stock.stock_levels v
          where v.region_id = h.region_id and v.warehouse_id = w.warehouse_id
         offset 0) l
       where h.type in ('channel.changed', 'warehouse.changed')
         and (h.old -> 'warehouses', h.old -> 'active') is distinct from (h.new -> 'warehouses', h.new -> 'active')
    )
    select events.new_step(p_nth => m.nth, p_region_id => m.region_id, p_sku_id => m.sku_id, p_warehouse_id => m.warehouse_id,
             p_delta => m.after - m.came_from, p_before => m.came_from, p_after => m.after, p_occurred_at => m.occurred_at)
      from moved m
     where m.after <> m.came_from or m.adjusted  -- which may have changed a reorder point
     union all
    select events.new_step(p_nth => k.nth, p_region_id => k.region_id, p_sku_id => k.sku_id, p_occurred_at => k.occurred_at)
      from looked_at k);
end
$$;

grant execute on function events.read_steps(events.outbox[], bigint[]) to scoville_definer;
