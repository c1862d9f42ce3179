-- Returns movements that are not in the sums yet, in the order of the ledger: of at most p_limit levels, and at most p_depth per
-- level. Another call takes the rest.
-- The version of a level shows whether it has any.
create or replace function analytics.take_movements(
  p_region_id smallint,
  p_limit integer,
  p_depth integer
)
  returns setof analytics.movement
  language sql
  stable
  set search_path = ''
as $$
  select analytics.new_movement(
           p_warehouse_id => l.warehouse_id,
           p_sku_id => l.sku_id,
           p_level_version => l.version,
           p_time_zone => l.time_zone,
           p_today => timezone(l.time_zone, app.now())::date,
           p_movement_id => t.movement_id,
           p_occurred_at => t.occurred_at,
           p_day_on => timezone(l.time_zone, t.occurred_at)::date,
           p_kind => t.kind,
           p_lot_id => t.lot_id,
           p_on_hand => t.on_hand_delta,
           p_reserved => t.reserved_delta,
           p_committed => t.committed_delta,
           p_unavailable => t.unavailable_delta,
           p_safety_stock => t.safety_stock_delta,
           p_incoming => t.incoming_delta,
           p_reason_code => t.reason_code)
    from (select s.warehouse_id, s.sku_id, s.version, coalesce(m.movement_id, 0) as movement_id, z.time_zone
            from stock.stock_levels s
            join catalog.zones() z on z.warehouse_id = s.warehouse_id
            left join analytics.stock_marks m
              on m.region_id = s.region_id and m.warehouse_id = s.warehouse_id and m.sku_id = s.sku_id
           where s.region_id = p_region_id and (m.version is null or m.version < s.version)
           order by s.warehouse_id, s.sku_id
           limit p_limit) l
    left join lateral (
      select m.*
        from stock.stock_movements m
       where m.region_id = p_region_id and m.sku_id = l.sku_id and m.warehouse_id = l.warehouse_id
         and m.movement_id > l.movement_id
       order by m.movement_id
       limit p_depth) t on true;
$$;

grant execute on function analytics.take_movements(smallint, integer, integer) to scoville_definer;
