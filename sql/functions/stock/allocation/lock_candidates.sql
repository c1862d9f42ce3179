-- Locks the levels that could serve these demands, and the levels of the reservations that they convert, and returns them in key order.
-- First applies changes that are due and that the worker has not swept yet: it releases expired reservations on these SKUs, cancels
-- unpaid orders whose time is over, and moves expired lots out of the available units, so none of them affects an order.
-- p_warehouse_ids and p_sku_ids: more pairs to lock. p_order_ids: orders that the caller locks and changes afterwards.
-- numbers: where each level stands in levels, by its key. converted: the reservations. channels, serving: the warehouses that serve
-- the channels of the demands, in the order in which they are tried.
-- Lock order: stock_levels in key order (with those of the reservations and unpaid orders), then lot_levels, reservations, orders.
create or replace function stock.lock_candidates(
  p_region_id smallint,
  p_demands stock.demand[],
  p_warehouse_ids text[] default '{}',
  p_sku_ids text[] default '{}',
  p_order_ids bigint[] default '{}',
  out levels stock.candidate[],
  out numbers jsonb,
  out converted bigint[],
  out channels text[],
  out serving text[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_is_overdue boolean := stock.has_overdue(p_region_id);
  v_overdue record;
  v_now timestamptz := app.now();
  v_keys text[] := '{}';
  v_numbers text[] := '{}';
  v_is_stale boolean := false;
begin
  select c.p_warehouse_ids, c.p_sku_ids, c.converted, c.channels, c.serving
    into p_warehouse_ids, p_sku_ids, converted, channels, serving
    from stock.list_candidates(p_demands => p_demands, p_warehouse_ids => p_warehouse_ids, p_sku_ids => p_sku_ids) c;
  if v_is_overdue then
    v_overdue := stock.find_overdue(p_region_id => p_region_id, p_except => p_order_ids,
      p_sku_ids => array(select d.sku_id from unnest(p_demands) d));
    p_warehouse_ids := p_warehouse_ids || v_overdue.warehouse_ids;
    p_sku_ids := p_sku_ids || v_overdue.held_sku_ids;
    v_is_overdue := cardinality(v_overdue.warehouse_ids) > 0;
  end if;
  if cardinality(converted) > 0 then
    select p_warehouse_ids || array_agg(r.warehouse_id), p_sku_ids || array_agg(r.sku_id) into p_warehouse_ids, p_sku_ids
      from stock.reservation_lines r
     where r.region_id = p_region_id and r.reservation_id = any (converted);
  end if;
  for i in 1 .. 2 loop
    levels := array(
      select stock.new_candidate(p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id, p_available => l.available,
               p_in_debt => l.shortfall > 0, p_next_expiry_at => l.next_expiry_at)
        from (select distinct m.warehouse_id collate "C" as warehouse_id, m.sku_id collate "C" as sku_id
                from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) as m (warehouse_id, sku_id)
               order by warehouse_id, sku_id) k
       -- One lookup by key per level, in that order: with a join the planner might read all levels.
       cross join lateral (
         select l.warehouse_id, l.sku_id, l.available, l.shortfall, l.next_expiry_at
           from stock.stock_levels l
          where l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
          order by l.warehouse_id, l.sku_id
          limit 1
            for no key update of l) l);
    exit when i = 2;
    for j in 1 .. cardinality(levels) loop
      v_is_stale := v_is_stale or coalesce(levels[j].next_expiry_at <= v_now, false);
    end loop;
    exit when not v_is_stale and not v_is_overdue;
    if v_is_stale then
      perform stock.reclassify_lots(p_region_id => p_region_id,
        p_warehouse_ids => array(select l.warehouse_id from unnest(levels) l),
        p_sku_ids => array(select l.sku_id from unnest(levels) l));
    end if;
    if v_is_overdue then
      perform stock.end_overdue(p_region_id => p_region_id, p_reservation_ids => v_overdue.reservation_ids,
        p_unpaid_ids => v_overdue.order_ids, p_warehouse_ids => p_warehouse_ids, p_sku_ids => p_sku_ids, p_converted => converted,
        p_order_ids => p_order_ids);
    end if;
  end loop;
  levels := orders.keep_for_queue(p_region_id => p_region_id, p_levels => levels, p_converts => cardinality(converted) > 0);
  for i in 1 .. cardinality(levels) loop
    v_keys := v_keys || stock.level_key(levels[i].warehouse_id, levels[i].sku_id);
    v_numbers := v_numbers || i::text;
  end loop;
  numbers := jsonb_object(v_keys, v_numbers);
end
$$;

grant execute on function stock.lock_candidates(smallint, stock.demand[], text[], text[], bigint[]) to scoville_definer;
