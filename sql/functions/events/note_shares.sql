-- Notes each level of the SKUs of these steps as the log leaves it, and how far it may move until the sums must be looked at again
-- (events.note_levels): a sum of n levels that can lose m units before it reaches another state lets each of them lose m / n.
create or replace function events.note_shares(
  p_steps events.step[],
  p_sums events.sum[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_nestloop = off
  set jit = off
as $$
declare
  c_any constant bigint := 1000000000000;  -- more than any level has
begin
  insert into events.known_levels as w (region_id, sku_id, warehouse_id, available, calm_from, calm_until)
  with shares as (
    select s.region_id, s.sku_id, m.warehouse_id, min(b.loss / cardinality(s.member_ids)) as loss,
           min(b.gain / cardinality(s.member_ids)) as gain
      from unnest(p_sums) s
     cross join lateral (select s.begun + s.fallen + s.risen as units) e
     cross join lateral (
       select case stock.state_of(e.units, s.reorder_point) when 'in_stock' then e.units - greatest(s.reorder_point, 0) - 1
                when 'low' then e.units - 1 else c_any end as loss,
              case stock.state_of(e.units, s.reorder_point) when 'in_stock' then c_any
                when 'low' then s.reorder_point - e.units else -e.units end as gain) b
     cross join unnest(s.member_ids) m (warehouse_id)
     group by s.region_id, s.sku_id, m.warehouse_id
  ), ended as (
    select s.region_id, s.sku_id, s.warehouse_id, (array_agg(s.after order by s.nth desc))[1] as available
      from unnest(p_steps) s
     where s.warehouse_id is not null
     group by s.region_id, s.sku_id, s.warehouse_id
  )
  select l.region_id, l.sku_id, l.warehouse_id, n.available, n.available - coalesce(h.loss, c_any), n.available + coalesce(h.gain, c_any)
    from (select s.region_id, s.sku_id, m.warehouse_id
            from unnest(p_sums) s
           cross join unnest(s.warehouse_ids) m (warehouse_id)
           where s.scope = 'region') l
    left join ended e on e.region_id = l.region_id and e.sku_id = l.sku_id and e.warehouse_id = l.warehouse_id
    left join shares h on h.region_id = l.region_id and h.sku_id = l.sku_id and h.warehouse_id = l.warehouse_id
    left join lateral (
      select k.available from events.known_levels k
       where k.region_id = l.region_id and k.sku_id = l.sku_id and k.warehouse_id = l.warehouse_id
       limit 1) k on true
   cross join lateral (select coalesce(e.available, k.available) as available) n
   where n.available is not null
  on conflict on constraint known_levels_pkey do update
     set available = excluded.available, calm_from = excluded.calm_from, calm_until = excluded.calm_until;
end
$$;

grant execute on function events.note_shares(events.step[], events.sum[]) to scoville_definer;
