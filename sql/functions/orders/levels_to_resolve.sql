-- The levels that orders.resolve_shortfall needs for these levels (pairs of warehouse and SKU) and this many promised units that each
-- lacks: themselves, the SKU in every warehouse that serves a channel (also where it has no level yet: who brings the first units there
-- has to see who waits), and all levels of the reservations that have to end if the units of orders do not suffice.
-- The caller locks them, in key order, and asks again under the locks.
create or replace function orders.levels_to_resolve(
  p_region_id smallint,
  p_warehouse_ids text[],
  p_sku_ids text[],
  p_units bigint[],
  out warehouse_ids text[],
  out sku_ids text[]
)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  select coalesce(array_agg(k.warehouse_id order by k.warehouse_id, k.sku_id), '{}'),
         coalesce(array_agg(k.sku_id order by k.warehouse_id, k.sku_id), '{}')
    into warehouse_ids, sku_ids
    from (select n.warehouse_id collate "C" as warehouse_id, n.sku_id collate "C" as sku_id
            from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) as n (warehouse_id, sku_id)
           union
          select s.warehouse_id, n.sku_id
            from catalog.serving_warehouses() s
           cross join unnest(p_sku_ids) n (sku_id)
           where s.region_id = p_region_id
           union
          select h.warehouse_id, h.sku_id
            from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids), unnest(p_units)) as n (warehouse_id, sku_id, units)
            join stock.stock_levels l
              on l.region_id = p_region_id and l.warehouse_id = n.warehouse_id and l.sku_id = n.sku_id
             and (n.units > l.committed + l.safety_stock or l.next_expiry_at <= app.now())
            join stock.reservations r on r.region_id = p_region_id and r.status = 'active'
            join stock.reservation_lines d
              on d.region_id = p_region_id and d.reservation_id = r.reservation_id and d.warehouse_id = n.warehouse_id
             and d.sku_id = n.sku_id
            join stock.reservation_lines h on h.region_id = p_region_id and h.reservation_id = r.reservation_id) k;
end
$$;

grant execute on function orders.levels_to_resolve(smallint, text[], text[], bigint[]) to scoville_definer;
