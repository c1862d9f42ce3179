-- Locks the levels that could serve these demands, and the levels of the reservations that they convert. Returns the available
-- units of each level, in key order. First applies changes that are due and that the worker has not swept yet: it releases expired
-- reservations on these SKUs and moves expired lots out of the available units, so neither affects an order. in_debt: units freed
-- here settle a shortfall before they become available. p_warehouse_ids and p_sku_ids: more pairs to lock.
-- Lock order: stock_levels in key order (with those of the reservations), then lot_levels, then reservations.
create or replace function stock.lock_candidates(
  p_region_id smallint,
  p_demands stock.demand[],
  p_warehouse_ids text[] default '{}',
  p_sku_ids text[] default '{}'
)
  returns table (warehouse_id text, sku_id text, available integer, in_debt boolean)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_expired bigint[] := stock.find_expired_reservations(p_region_id, p_demands);
  v_reservations bigint[] := v_expired || array(
    select d.reservation_id from unnest(p_demands) d where d.reservation_id is not null);
  v_warehouses text[];
  v_skus text[];
  v_available integer[];
  v_in_debt boolean[];
  v_stale boolean;
begin
  for i in 1 .. 2 loop
    select array_agg(s.warehouse_id), array_agg(s.sku_id), array_agg(s.available),
           array_agg(s.shortfall > 0), coalesce(bool_or(s.next_expiry_at <= app.now()), false)
      into v_warehouses, v_skus, v_available, v_in_debt, v_stale
      from (select l.*
              from (select w.warehouse_id, d.sku_id collate "C" as sku_id
                      from unnest(p_demands) d
                      join catalog.serving_warehouses() w on w.channel_id = d.channel_id
                     union
                    select r.warehouse_id, r.sku_id
                      from stock.reservation_lines r
                     where r.region_id = p_region_id and r.reservation_id = any (v_reservations)
                     union
                    select m.warehouse_id, m.sku_id
                      from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids))
                        as m (warehouse_id, sku_id)
                     order by warehouse_id, sku_id) k
             -- One lookup by key per level, in that order: with a join the planner might read all levels.
             cross join lateral (
               select l.warehouse_id, l.sku_id, l.available, l.shortfall, l.next_expiry_at
                 from stock.stock_levels l
                where l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
                order by l.warehouse_id, l.sku_id
                limit 1
                  for no key update of l) l) s;
    exit when i = 2 or not (v_stale or cardinality(v_expired) > 0);
    if v_stale then
      perform stock.reclassify_lots(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus);
    end if;
    perform stock.end_reservations(p_region_id => p_region_id, p_reservation_ids => v_expired, p_status => 'expired',
      p_actor => 'system');
  end loop;
  return query select s.warehouse_id, s.sku_id, s.available, s.in_debt
    from rows from (unnest(v_warehouses), unnest(v_skus), unnest(v_available),
                    unnest(v_in_debt))
      as s (warehouse_id, sku_id, available, in_debt);
end
$$;

grant execute on function stock.lock_candidates(smallint, stock.demand[], text[], text[]) to scoville_definer;
