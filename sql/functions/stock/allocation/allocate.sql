-- Decides which orders of a batch can be served, and from which warehouses. Orders are decided in order of arrival (ordinal), each
-- all or nothing. A channel's warehouses are tried by priority; a SKU is split when one warehouse has too little. p_demands has
-- each (ordinal, SKU) once.
--
-- An order that converts a reservation takes its units from the reservation first and the rest from the available units. Units of
-- the reservation that it leaves serve later orders. The order must name each SKU of the reservation, with quantity 0 for a SKU
-- that it does not want.
--
-- Returns one element per SKU and warehouse that serves it. For an order that cannot be served it returns one element per short
-- SKU, with warehouse_id null and the available units, or one element with sku_id null when its reservation is no longer active or
-- an earlier order took it. Posts nothing. Levels and reservations stay locked until the transaction ends, so the decision holds.
--
-- Lock order: stock_levels in key order (lock_candidates), once for the whole batch; then the reservations (lock_live_reservations).
create or replace function stock.allocate(
  p_region_id smallint,
  p_demands stock.demand[]
)
  returns stock.allocation[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_warehouse text[];
  v_sku text[];
  v_free integer[];
  v_in_debt boolean[];
  v_live bigint[];
  v_demand record;
  v_level integer;
  v_ordinal integer;
  v_served boolean;  -- null: its reservation is no longer active
  v_total bigint;
  v_take integer;
  v_missing integer;
  v_first integer;  -- the first part of this order
  v_last integer := 0;
  v_parts stock.part[] := '{}';
begin
  select array_agg(c.warehouse_id order by c.ordinality), array_agg(c.sku_id order by c.ordinality),
         array_agg(c.available order by c.ordinality), array_agg(c.in_debt order by c.ordinality)
    into v_warehouse, v_sku, v_free, v_in_debt
    from stock.lock_candidates(p_region_id, p_demands) with ordinality c;
  v_live := stock.lock_live_reservations(p_region_id, p_demands);
  for v_demand in
    select s.* from stock.find_sources(p_region_id => p_region_id, p_demands => p_demands, p_warehouse_ids => v_warehouse,
                      p_sku_ids => v_sku) s
  loop
    if v_demand.ordinal is distinct from v_ordinal then
      v_ordinal := v_demand.ordinal;
      v_first := v_last + 1;
      v_served := nullif(v_demand.reservation_id is null or v_demand.reservation_id = any (v_live), false);
      v_live := array_remove(v_live, v_demand.reservation_id);
      if v_served is null then
        v_last := v_last + 1;
        v_parts[v_last] := stock.new_part(p_ordinal => v_ordinal);
      end if;
    end if;
    continue when v_served is null;
    v_total := 0;
    for i in 1 .. cardinality(v_demand.levels) loop
      v_total := v_total + v_demand.held[i] + case when v_demand.serves[i] then v_free[v_demand.levels[i]] else 0 end;
    end loop;
    if v_total < v_demand.quantity then
      if v_served then  -- the order's first shortage: it returns the units taken so far, and its reservation stays
        for i in v_first .. v_last loop
          v_free[v_parts[i].level] := v_free[v_parts[i].level] + v_parts[i].taken;
        end loop;
        v_last := v_first - 1;
        v_served := false;
        v_live := v_live || v_demand.reservation_id;
      end if;
      v_last := v_last + 1;
      v_parts[v_last] := stock.new_part(p_ordinal => v_ordinal, p_sku_id => v_demand.sku_id, p_quantity => v_demand.quantity,
        p_available => v_total::integer);
    elsif v_served then
      v_missing := v_demand.quantity;
      for i in 1 .. cardinality(v_demand.levels) loop
        exit when v_missing = 0 and v_demand.held[i] = 0;  -- levels with held units come first
        v_level := v_demand.levels[i];
        v_take := least(v_missing, v_demand.held[i] + case when v_demand.serves[i] then v_free[v_level] else 0 end);
        continue when v_take = 0 and v_demand.held[i] = 0;
        v_last := v_last + 1;
        v_parts[v_last] := stock.new_part(p_ordinal => v_ordinal, p_sku_id => v_demand.sku_id, p_level => v_level,
          p_quantity => v_take, p_taken => greatest(v_take - v_demand.held[i], case when v_in_debt[v_level] then 0 end));
        v_free[v_level] := v_free[v_level] - v_parts[v_last].taken;
        v_missing := v_missing - v_take;
      end loop;
    end if;
  end loop;
  return array(
    select stock.new_allocation(p_ordinal => p.ordinal, p_sku_id => p.sku_id, p_warehouse_id => v_warehouse[p.level],
             p_quantity => p.quantity, p_available => p.available)
      from unnest(v_parts[:v_last]) p
     where p.quantity is distinct from 0);
end
$$;

grant execute on function stock.allocate(smallint, stock.demand[]) to scoville_definer;
