-- What stock.lock_candidates would return for these demands, without locks and without changing anything: units of reservations and unpaid
-- orders that are over are free, lots that have expired are not for sale, a shortfall is settled first, and then the orders that wait take
-- what became free. over: the unpaid orders. supplied: what the orders that wait would take.
create or replace function stock.read_candidates(
  p_region_id smallint,
  p_demands stock.demand[],
  out levels stock.candidate[],
  out numbers jsonb,
  out channels text[],
  out serving text[],
  out over bigint[],
  out supplied stock.allocation[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_listed record := stock.list_candidates(p_demands => p_demands, p_warehouse_ids => '{}', p_sku_ids => '{}');
  v_overdue record;
  v_warehouses text[] := v_listed.p_warehouse_ids;
  v_skus text[] := v_listed.p_sku_ids;
  v_reservation_ids bigint[] := '{}';
  v_levels record;
begin
  channels := v_listed.channels;
  serving := v_listed.serving;
  over := '{}';
  supplied := '{}';
  if stock.has_overdue(p_region_id) then
    v_overdue := stock.find_overdue(p_region_id => p_region_id, p_sku_ids => array(select d.sku_id from unnest(p_demands) d));
    over := v_overdue.order_ids;
    v_reservation_ids := v_overdue.reservation_ids;
    v_warehouses := v_warehouses || v_overdue.warehouse_ids;
    v_skus := v_skus || v_overdue.held_sku_ids;
  end if;
  select coalesce(array_agg(r.warehouse_id), '{}') as warehouse_ids, coalesce(array_agg(r.sku_id), '{}') as sku_ids,
         coalesce(array_agg(r.available), '{}') as available, coalesce(array_agg(r.held), '{}') as held
    into v_levels
    from (select l.warehouse_id, l.sku_id, h.units as held,
                 greatest(0, l.available - l.shortfall + h.units - case when l.next_expiry_at <= app.now() then stock.unswept_units(
                   p_region_id => p_region_id, p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id) else 0 end)::integer as available
            from (select distinct w collate "C" as warehouse_id, s collate "C" as sku_id
                    from rows from (unnest(v_warehouses), unnest(v_skus)) as m (w, s)) k
            join stock.stock_levels l on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
           cross join lateral stock.overdue_units(p_region_id => p_region_id, p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id,
                                p_reservation_ids => v_reservation_ids, p_order_ids => over) h (units)
           order by l.warehouse_id, l.sku_id) r;
  if cardinality(over) > 0 or cardinality(v_reservation_ids) > 0 then
    supplied := orders.foresee_supplies(p_region_id => p_region_id, p_warehouse_ids => v_levels.warehouse_ids,
      p_sku_ids => v_levels.sku_ids, p_available => v_levels.available, p_held => v_levels.held, p_except => over);
  end if;
  select coalesce(array_agg(stock.new_candidate(p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id, p_in_debt => false,
           p_available => l.available - coalesce((
             select sum(s.quantity) from unnest(supplied) s where s.warehouse_id = l.warehouse_id and s.sku_id = l.sku_id), 0)::integer)
           order by l.ordinality), '{}'),
         coalesce(jsonb_object_agg(stock.level_key(l.warehouse_id, l.sku_id), l.ordinality::text), '{}')
    into levels, numbers
    from rows from (unnest(v_levels.warehouse_ids), unnest(v_levels.sku_ids), unnest(v_levels.available))
           with ordinality l (warehouse_id, sku_id, available);
end
$$;

grant execute on function stock.read_candidates(smallint, stock.demand[]) to scoville_definer;
