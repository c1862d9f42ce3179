-- Locks the levels that could serve these demands and answers what each has available, in key order, after putting right
-- what time has changed and the worker has not swept yet: expired holds on these SKUs are released, expired batches leave
-- the available units. So neither ever decides about an order.
-- Lock order: stock_levels in key order (with those of the expired holds), then lot_levels, then reservations.
create or replace function stock.lock_candidates(
  p_region_id smallint,
  p_demands stock.demand[]
)
  returns table (warehouse_id text, sku_id text, available integer)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_expired bigint[] := stock.find_expired_reservations(p_region_id, p_demands);
  v_warehouses text[];
  v_skus text[];
  v_available integer[];
  v_stale boolean;
begin
  for i in 1 .. 2 loop
    select pg_catalog.array_agg(s.warehouse_id), pg_catalog.array_agg(s.sku_id), pg_catalog.array_agg(s.available),
           pg_catalog.bool_or(s.next_expiry_on < app.today(p_region_id))
      into v_warehouses, v_skus, v_available, v_stale
      from (select l.warehouse_id, l.sku_id, l.available, l.next_expiry_on
              from (select w.warehouse_id, d.sku_id
                      from pg_catalog.unnest(p_demands) d
                      join catalog.channel_warehouses w on w.channel_id = d.channel_id
                      join catalog.warehouses h on h.warehouse_id = w.warehouse_id and h.active
                     union
                    select r.warehouse_id, r.sku_id
                      from stock.reservation_lines r
                     where r.region_id = p_region_id and r.reservation_id = any (v_expired)) k
              join stock.stock_levels l
                on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
             order by l.warehouse_id, l.sku_id
               for no key update of l) s;
    exit when i = 2 or not (v_stale or pg_catalog.cardinality(v_expired) > 0);
    if v_stale then
      perform stock.reclassify_lots(p_region_id, v_warehouses, v_skus);
    end if;
    perform stock.end_reservations(p_region_id, v_expired, 'expired', 'system');
  end loop;
  return query select s.warehouse_id, s.sku_id, s.available
    from rows from (pg_catalog.unnest(v_warehouses), pg_catalog.unnest(v_skus), pg_catalog.unnest(v_available))
      as s (warehouse_id, sku_id, available);
end
$$;

grant execute on function stock.lock_candidates(smallint, stock.demand[]) to scoville_definer;
