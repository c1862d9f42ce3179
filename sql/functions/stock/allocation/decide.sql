-- Decides which orders of a batch get their units, and from which levels. Orders are decided in order of arrival (ordinal), each
-- all or nothing. A channel's warehouses are tried by priority; a SKU is split when one warehouse has too little. p_sources has those
-- of each demand. Units about which a rule promises something come from levels that have room for it (stock.fresh_rooms).
--
-- An order that converts a reservation (of p_live) takes its units from the reservation first and the rest from the available units. Units of
-- the reservation that it leaves serve later orders. The order must name each SKU of the reservation, with quantity 0 for a SKU
-- that it does not want. A reservation promises nothing about the time of sale: what its units lack the order does not get.
--
-- p_decided, p_except: as of stock.fresh_rooms, where the levels were not brought up to date.
--
-- Returns one element per SKU and warehouse that serves it, with the units that are still available there after it. For an order that
-- cannot be served it returns one element per short SKU, with warehouse_id null and the available units, or one element with sku_id
-- null when its reservation is no longer active or an earlier order took it. In memory: it reads and changes nothing, unless units
-- may wait or a rule promises something.
create or replace function stock.decide(
  p_region_id smallint,
  p_demands stock.demand[],
  p_candidates stock.candidate[],
  p_sources stock.source[],
  p_live bigint[] default '{}',
  p_may_wait boolean default false,
  p_decided stock.allocation[] default '{}',
  p_except bigint[] default '{}'
)
  returns stock.allocation[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_free integer[] := '{}';
  v_levels integer[];  -- as stock.source, of this demand; without a reservation, held and serves are null
  v_held integer[];
  v_serves boolean[];
  v_rooms bigint[];  -- of these levels, for units that a rule promises; null: no rule
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
  for n in 1 .. cardinality(p_candidates) loop
    v_free := v_free || p_candidates[n].available;
  end loop;
  for n in 1 .. cardinality(p_demands) loop
    v_demand := p_demands[n];
    if n = 1 or v_demand.ordinal <> p_demands[n - 1].ordinal then
      v_first := cardinality(v_result);
      v_given_levels := '{}';
      v_given := '{}';
      v_served := nullif(v_demand.reservation_id is null or v_demand.reservation_id = any (p_live), false);
      p_live := array_remove(p_live, v_demand.reservation_id);
      if v_served is null then
        v_result := v_result || stock.new_allocation(p_ordinal => v_demand.ordinal);
      end if;
    end if;
    continue when v_served is null;
    v_levels := p_sources[n].levels;
    v_held := p_sources[n].held;
    v_serves := p_sources[n].serves;
    v_rooms := case when v_demand.freshness is not null then stock.fresh_rooms(p_region_id => p_region_id, p_demand => v_demand,
      p_candidates => p_candidates, p_levels => v_levels, p_decided => p_decided || v_result, p_except => p_except) end;
    v_total := 0;
    for i in 1 .. cardinality(v_levels) loop
      v_total := v_total + least(v_rooms[i], coalesce(v_held[i], 0) + case when v_serves[i] is false then 0 else v_free[v_levels[i]] end);
    end loop;
    if v_total < v_demand.quantity and not (p_may_wait and orders.may_wait(p_region_id => p_region_id, p_demands => p_demands,
         p_nth => n, p_units => v_demand.quantity - v_total, p_decided => v_result)) then
      if v_served then  -- the order's first shortage: it returns the units taken so far, and its reservation stays
        for i in 1 .. cardinality(v_given) loop
          v_free[v_given_levels[i]] := v_free[v_given_levels[i]] + v_given[i];
        end loop;
        v_result := v_result[:v_first];
        v_served := false;
        p_live := p_live || v_demand.reservation_id;
      end if;
      v_result := v_result || stock.new_allocation(p_ordinal => v_demand.ordinal, p_sku_id => v_demand.sku_id,
        p_quantity => v_demand.quantity, p_available => v_total::integer, p_freshness => case when v_rooms is not null then
          v_demand.freshness || jsonb_build_object('stale', stock.sum_units(p_levels => v_levels, p_free => v_free, p_held => v_held,
            p_serves => v_serves) - v_total) end);
    elsif v_served then
      v_missing := v_demand.quantity;
      for i in 1 .. cardinality(v_levels) loop
        exit when v_missing = 0 and coalesce(v_held[i], 0) = 0;  -- levels with held units come first
        v_units := least(v_missing, v_rooms[i], coalesce(v_held[i], 0) + case when v_serves[i] is false then 0 else v_free[v_levels[i]] end);
        v_given_levels := v_given_levels || v_levels[i];
        v_given := v_given || greatest(v_units - coalesce(v_held[i], 0), case when p_candidates[v_levels[i]].in_debt then 0 end);
        v_free[v_levels[i]] := v_free[v_levels[i]] - v_given[cardinality(v_given)];
        v_missing := v_missing - v_units;
        continue when v_units = 0;
        v_result := v_result || stock.new_allocation(p_ordinal => v_demand.ordinal, p_sku_id => v_demand.sku_id,
          p_warehouse_id => p_candidates[v_levels[i]].warehouse_id, p_quantity => v_units, p_available => v_free[v_levels[i]],
          p_freshness => v_demand.freshness);
      end loop;
      continue when v_missing = 0;
      v_result := v_result || stock.new_allocation(p_ordinal => v_demand.ordinal, p_sku_id => v_demand.sku_id,
        p_quantity => v_missing, p_waits => true, p_freshness => v_demand.freshness);
    end if;
  end loop;
  return v_result;
end
$$;

grant execute on function stock.decide(smallint, stock.demand[], stock.candidate[], stock.source[], bigint[], boolean,
  stock.allocation[], bigint[]) to scoville_definer;
