-- Decides which orders of a batch can be served, and from which warehouses. Orders are decided in order of arrival (ordinal), each
-- all or nothing. A channel's warehouses are tried by priority; a SKU is split when one warehouse has too little. p_demands has
-- each (ordinal, SKU) once, in the order of ordinals.
--
-- An order that converts a reservation takes its units from the reservation first and the rest from the available units. Units of
-- the reservation that it leaves serve later orders. The order must name each SKU of the reservation, with quantity 0 for a SKU
-- that it does not want.
--
-- With p_may_wait, what is missing of a SKU waits where a rule allows it (orders.may_wait): the order takes what there is.
--
-- p_order_ids: the (locked) orders that the demands belong to; even if they are overdue, they do not end.
--
-- Returns one element per SKU and warehouse that serves it, with the units that are still available there after it. For an order that
-- cannot be served it returns one element per short SKU, with warehouse_id null and the available units, or one element with sku_id
-- null when its reservation is no longer active or an earlier order took it. Posts nothing. Levels and reservations stay locked until
-- the transaction ends, so the decision holds.
--
-- Lock order: stock_levels in key order (lock_candidates), once for the whole batch; then the reservations (lock_live_reservations).
create or replace function stock.allocate(
  p_region_id smallint,
  p_demands stock.demand[],
  p_may_wait boolean default false,
  p_order_ids bigint[] default '{}'
)
  returns stock.allocation[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_locked record := stock.lock_candidates(p_region_id => p_region_id, p_demands => p_demands, p_order_ids => p_order_ids);
  v_candidates stock.candidate[] := v_locked.levels;
  v_free integer[] := '{}';
  v_live bigint[] := stock.lock_live_reservations(p_region_id, v_locked.converted);
  v_sources stock.source[];
  v_levels integer[];  -- as stock.source, of this demand; without a reservation, held and serves are null
  v_held integer[];
  v_serves boolean[];
  v_demand stock.demand;
  v_served boolean;  -- null: its reservation is no longer active
  v_first integer;  -- the elements of the result before this order
  v_given_levels integer[];  -- what this order has taken so far of the free units
  v_given integer[];
  v_total bigint;
  v_missing integer;
  v_units integer;
  v_result stock.allocation[] := '{}';
begin
  if cardinality(v_locked.converted) = 0 then
    v_sources := stock.list_sources(p_demands => p_demands, p_numbers => v_locked.numbers, p_channels => v_locked.channels,
      p_serving => v_locked.serving);
  else
    v_sources := stock.find_sources(p_region_id => p_region_id, p_demands => p_demands, p_candidates => v_candidates);
  end if;
  for n in 1 .. cardinality(v_candidates) loop
    v_free := v_free || v_candidates[n].available;
  end loop;
  for n in 1 .. cardinality(p_demands) loop
    v_demand := p_demands[n];
    if n = 1 or v_demand.ordinal <> p_demands[n - 1].ordinal then
      v_first := cardinality(v_result);
      v_given_levels := '{}';
      v_given := '{}';
      v_served := nullif(v_demand.reservation_id is null or v_demand.reservation_id = any (v_live), false);
      v_live := array_remove(v_live, v_demand.reservation_id);
      if v_served is null then
        v_result := v_result || stock.new_allocation(p_ordinal => v_demand.ordinal);
      end if;
    end if;
    continue when v_served is null;
    v_levels := v_sources[n].levels;
    v_held := v_sources[n].held;
    v_serves := v_sources[n].serves;
    v_total := 0;
    for i in 1 .. cardinality(v_levels) loop
      v_total := v_total + coalesce(v_held[i], 0) + case when v_serves[i] is false then 0 else v_free[v_levels[i]] end;
    end loop;
    if v_total < v_demand.quantity and not (p_may_wait and orders.may_wait(p_region_id => p_region_id, p_demands => p_demands,
         p_nth => n, p_units => v_demand.quantity - v_total, p_decided => v_result)) then
      if v_served then  -- the order's first shortage: it returns the units taken so far, and its reservation stays
        for i in 1 .. cardinality(v_given) loop
          v_free[v_given_levels[i]] := v_free[v_given_levels[i]] + v_given[i];
        end loop;
        v_result := v_result[:v_first];
        v_served := false;
        v_live := v_live || v_demand.reservation_id;
      end if;
      v_result := v_result || stock.new_allocation(p_ordinal => v_demand.ordinal, p_sku_id => v_demand.sku_id,
        p_quantity => v_demand.quantity, p_available => v_total::integer);
    elsif v_served then
      v_missing := v_demand.quantity;
      for i in 1 .. cardinality(v_levels) loop
        exit when v_missing = 0 and coalesce(v_held[i], 0) = 0;  -- levels with held units come first
        v_units := least(v_missing, coalesce(v_held[i], 0) + case when v_serves[i] is false then 0 else v_free[v_levels[i]] end);
        v_given_levels := v_given_levels || v_levels[i];
        v_given := v_given || greatest(v_units - coalesce(v_held[i], 0), case when v_candidates[v_levels[i]].in_debt then 0 end);
        v_free[v_levels[i]] := v_free[v_levels[i]] - v_given[cardinality(v_given)];
        v_missing := v_missing - v_units;
        continue when v_units = 0;
        v_result := v_result || stock.new_allocation(p_ordinal => v_demand.ordinal, p_sku_id => v_demand.sku_id,
          p_warehouse_id => v_candidates[v_levels[i]].warehouse_id, p_quantity => v_units, p_available => v_free[v_levels[i]]);
      end loop;
      continue when v_missing = 0;
      v_result := v_result || stock.new_allocation(p_ordinal => v_demand.ordinal, p_sku_id => v_demand.sku_id,
        p_quantity => v_missing, p_waits => true);
    end if;
  end loop;
  return v_result;
end
$$;

grant execute on function stock.allocate(smallint, stock.demand[], boolean, bigint[]) to scoville_definer;
