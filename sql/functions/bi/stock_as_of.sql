-- Every level at a moment, to the unit: the sums of the days before, the movements of the day until then, and the movements that are
-- not in the sums yet. Each movement is in exactly one of the three, however old the sums are. A day is one of the time zone by which
-- the level was summed. Movements of the day that were recorded late have an index of their own; no day is longer than 26 hours.
-- Standard body, because analysts may not name the tables.
create or replace function bi.stock_as_of(
  p_at timestamptz
)
  returns table (region_id smallint, warehouse_id text, sku_id text, on_hand bigint, reserved bigint, committed bigint,
                 unavailable bigint, safety_stock bigint, available bigint, incoming bigint)
  language sql
  stable
begin atomic
  select p.region_id, p.warehouse_id, p.sku_id, sum(p.on_hand)::bigint as on_hand, sum(p.reserved)::bigint as reserved,
         sum(p.committed)::bigint as committed, sum(p.unavailable)::bigint as unavailable,
         sum(p.safety_stock)::bigint as safety_stock,
         sum(p.on_hand - p.reserved - p.committed - p.unavailable - p.safety_stock)::bigint as available,
         sum(p.incoming)::bigint as incoming
    from (select l.region_id, l.warehouse_id, l.sku_id, coalesce(d.on_hand, 0) as on_hand, coalesce(d.reserved, 0) as reserved,
                 coalesce(d.committed, 0) as committed, coalesce(d.unavailable, 0) as unavailable,
                 coalesce(d.safety_stock, 0) as safety_stock, coalesce(d.incoming, 0) as incoming
            from stock.stock_levels l
            left join analytics.stock_marks k
              on k.region_id = l.region_id and k.warehouse_id = l.warehouse_id and k.sku_id = l.sku_id
            left join lateral (
              select t.on_hand, t.reserved, t.committed, t.unavailable, t.safety_stock, t.incoming
                from analytics.stock_days t
               where t.region_id = l.region_id and t.warehouse_id = l.warehouse_id and t.sku_id = l.sku_id
                 and t.day_on < timezone(k.time_zone, p_at)::date
               order by t.day_on desc
               limit 1) d on true
          union all
          select v.region_id, v.warehouse_id, v.sku_id, v.on_hand_delta, v.reserved_delta, v.committed_delta,
                 v.unavailable_delta, v.safety_stock_delta, v.incoming_delta
            from (select m.warehouse_id, m.sku_id, m.movement_id, m.region_id, m.occurred_at, m.on_hand_delta, m.reserved_delta, m.committed_delta,
                         m.unavailable_delta, m.safety_stock_delta, m.incoming_delta
                    from catalog.regions g
                    join stock.stock_movements m on m.region_id = g.region_id
                   where m.recorded_at > p_at - interval '26 hours' and m.recorded_at <= p_at and m.occurred_at = m.recorded_at
                  union all
                  select m.warehouse_id, m.sku_id, m.movement_id, m.region_id, m.occurred_at, m.on_hand_delta, m.reserved_delta, m.committed_delta,
                         m.unavailable_delta, m.safety_stock_delta, m.incoming_delta
                    from catalog.regions g
                    join stock.stock_movements m on m.region_id = g.region_id
                   where m.occurred_at > p_at - interval '26 hours' and m.occurred_at <= p_at and m.occurred_at <> m.recorded_at) v
            join analytics.stock_marks k
              on k.region_id = v.region_id and k.warehouse_id = v.warehouse_id and k.sku_id = v.sku_id
             and k.movement_id >= v.movement_id
           where timezone(k.time_zone, v.occurred_at)::date = timezone(k.time_zone, p_at)::date
          union all
          select l.region_id, l.warehouse_id, l.sku_id, n.on_hand_delta, n.reserved_delta, n.committed_delta,
                 n.unavailable_delta, n.safety_stock_delta, n.incoming_delta
            from stock.stock_levels l
            left join analytics.stock_marks k
              on k.region_id = l.region_id and k.warehouse_id = l.warehouse_id and k.sku_id = l.sku_id
           cross join lateral (
             -- Only levels with new movements, each by the index: the planner would expect movements of every level from a join.
             select v.on_hand_delta, v.reserved_delta, v.committed_delta, v.unavailable_delta, v.safety_stock_delta,
                    v.incoming_delta
               from stock.stock_movements v
              where k.version is distinct from l.version and v.region_id = l.region_id and v.sku_id = l.sku_id
                and v.warehouse_id = l.warehouse_id and v.movement_id > coalesce(k.movement_id, 0) and v.occurred_at <= p_at
             offset 0) n) p
   group by p.region_id, p.warehouse_id, p.sku_id;
end;

comment on function bi.stock_as_of(timestamptz) is
  'The stock of every warehouse and SKU at a moment: select * from bi.stock_as_of(''2026-09-30 24:00 UTC''). Units, as in '
  'fact_stock_daily; zeros before the first movement. Exact even when the sums are old; fastest when they are fresh.';
grant execute on function bi.stock_as_of(timestamptz) to bi_reader, admin, warehouse;
