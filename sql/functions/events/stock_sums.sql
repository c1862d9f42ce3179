-- What can be sold of the SKUs of these steps before the first of them (begun), and how much the steps take away and add: over the
-- region, by channel, and by warehouse with a reorder point of its own, each with the state that was announced last.
-- Nested loops only look up by key, as in events.read_steps.
create or replace function events.stock_sums(
  p_steps events.step[]
)
  returns events.sum[]
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
    with moved as materialized (
      select s.region_id, s.sku_id, s.warehouse_id, (array_agg(s.before order by s.nth))[1] as begun,
             coalesce(sum(s.delta) filter (where s.delta < 0), 0) as fallen, coalesce(sum(s.delta) filter (where s.delta > 0), 0) as risen
        from unnest(p_steps) s
       group by s.region_id, s.sku_id, s.warehouse_id
    ), levels as materialized (
      select l.region_id, l.sku_id, l.warehouse_id, l.reorder_point, coalesce(m.begun, w.available, l.available) as begun,
             coalesce(m.fallen, 0) as fallen, coalesce(m.risen, 0) as risen
        from (select distinct m.region_id, m.sku_id collate "C" as sku_id from moved m) t
       cross join lateral (
         select v.region_id, v.sku_id, v.warehouse_id, v.reorder_point, v.available from stock.stock_levels v
          where v.region_id = t.region_id and v.sku_id = t.sku_id
         offset 0) l
        left join lateral (
          select k.available from events.known_levels k
           where k.region_id = l.region_id and k.sku_id = l.sku_id and k.warehouse_id = l.warehouse_id
           limit 1) w on true
        left join moved m on m.region_id = l.region_id and m.sku_id = l.sku_id and m.warehouse_id = l.warehouse_id
    ), serving as materialized (
      select v.channel_id, v.warehouse_id from catalog.serving_warehouses() v where v.sells
    ), scoped as (  -- each level in each scope: whether it counts there
      select l.*, 'region' as scope, '' as scope_id, exists (select from serving v where v.warehouse_id = l.warehouse_id) as counts
        from levels l
       union all
      select l.*, 'channel', c.channel_id,
             exists (select from serving v where v.warehouse_id = l.warehouse_id and v.channel_id = c.channel_id)
        from levels l
        join catalog.channels c on c.region_id = l.region_id
       union all
      select l.*, 'warehouse', l.warehouse_id, true from levels l where l.reorder_point is not null
    ), sums as (
      select d.region_id, d.sku_id, d.scope, d.scope_id, coalesce(min(d.reorder_point) filter (where d.scope = 'warehouse'),
               min(k.reorder_point)) as reorder_point,
             coalesce(sum(d.begun) filter (where d.counts), 0)::bigint as begun,
             coalesce(sum(d.fallen) filter (where d.counts), 0)::bigint as fallen,
             coalesce(sum(d.risen) filter (where d.counts), 0)::bigint as risen,
             array_agg(d.warehouse_id) filter (where d.counts) as member_ids, array_agg(d.warehouse_id) as warehouse_ids
        from scoped d
        join catalog.skus k on k.sku_id = d.sku_id
       group by d.region_id, d.sku_id, d.scope, d.scope_id
    )
    select events.new_sum(p_region_id => s.region_id, p_sku_id => s.sku_id, p_scope => s.scope, p_scope_id => s.scope_id,
             p_reorder_point => s.reorder_point, p_begun => s.begun, p_fallen => s.fallen, p_risen => s.risen,
             p_member_ids => s.member_ids, p_warehouse_ids => s.warehouse_ids,
             p_state => coalesce(a.state, case s.scope when 'warehouse' then 'in_stock' else 'out_of_stock' end),
             p_version => coalesce(a.version, 0))
      from sums s
      left join lateral (
        select d.state, d.version from events.announced_states d
         where d.region_id = s.region_id and d.sku_id = s.sku_id and d.scope = s.scope and d.scope_id = s.scope_id
         limit 1) a on true);
end
$$;

grant execute on function events.stock_sums(events.step[]) to scoville_definer;
