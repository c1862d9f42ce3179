-- Decides which orders of a batch can be served, and from where. Arrival order decides (ordinal); an order gets everything it
-- wants or nothing; a channel's warehouses are asked in their priority, and a SKU is split where one has too little. Each
-- (ordinal, SKU) stands once in p_demands.
--
-- Answers a row for each SKU taken from a warehouse and, for an order that cannot be served, a row for each SKU that is
-- short, with warehouse_id null and what is available. Nothing is posted; the levels stay locked until the transaction ends,
-- so what was decided here stands.
--
-- Lock order: stock_levels in key order (lock_candidates), once for the whole batch.
create or replace function stock.allocate(
  p_region_id smallint,
  p_demands stock.demand[]
)
  returns table (ordinal integer, sku_id text, warehouse_id text, quantity integer, available integer)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_warehouse text[];
  v_sku text[];
  v_free integer[];
  v_demand record;
  v_level integer;
  v_ordinal integer;
  v_served boolean;
  v_total bigint;
  v_missing integer;
  v_first integer;  -- where the rows of this order begin
  v_last integer := 0;
  r_ordinal integer[] := '{}';
  r_sku text[] := '{}';
  r_level integer[] := '{}';
  r_quantity integer[] := '{}';
  r_available integer[] := '{}';
begin
  select pg_catalog.array_agg(c.warehouse_id order by c.ordinality), pg_catalog.array_agg(c.sku_id order by c.ordinality),
         pg_catalog.array_agg(c.available order by c.ordinality)
    into v_warehouse, v_sku, v_free
    from stock.lock_candidates(p_region_id, p_demands) with ordinality c;
  for v_demand in
    select d.ordinal, d.sku_id, d.quantity,
           pg_catalog.array_agg(l.level order by w.priority, w.warehouse_id) filter (where l.level is not null) as levels
      from pg_catalog.unnest(p_demands) d
      left join (catalog.channel_warehouses w
                 join rows from (pg_catalog.unnest(v_warehouse), pg_catalog.unnest(v_sku)) with ordinality
                   as l (warehouse_id, sku_id, level) on l.warehouse_id = w.warehouse_id)
        on w.channel_id = d.channel_id and l.sku_id = d.sku_id
     group by d.ordinal, d.sku_id, d.quantity
     order by d.ordinal, d.sku_id
  loop
    if v_demand.ordinal is distinct from v_ordinal then
      v_ordinal := v_demand.ordinal;
      v_first := v_last + 1;
      v_served := true;
    end if;
    v_total := 0;
    foreach v_level in array coalesce(v_demand.levels, '{}') loop
      v_total := v_total + v_free[v_level];
    end loop;
    if v_total < v_demand.quantity then
      if v_served then  -- the order's first shortage: what it has taken so far goes back
        for i in v_first .. v_last loop
          v_free[r_level[i]] := v_free[r_level[i]] + r_quantity[i];
        end loop;
        v_last := v_first - 1;
        v_served := false;
      end if;
      v_last := v_last + 1;
      r_ordinal[v_last] := v_ordinal;
      r_sku[v_last] := v_demand.sku_id;
      r_level[v_last] := null;
      r_quantity[v_last] := v_demand.quantity;
      r_available[v_last] := v_total;
    elsif v_served then
      v_missing := v_demand.quantity;
      foreach v_level in array v_demand.levels loop
        exit when v_missing = 0;
        continue when v_free[v_level] = 0;
        v_last := v_last + 1;
        r_ordinal[v_last] := v_ordinal;
        r_sku[v_last] := v_demand.sku_id;
        r_level[v_last] := v_level;
        r_quantity[v_last] := least(v_missing, v_free[v_level]);
        r_available[v_last] := null;
        v_free[v_level] := v_free[v_level] - r_quantity[v_last];
        v_missing := v_missing - r_quantity[v_last];
      end loop;
    end if;
  end loop;
  return query
    select r.ordinal, r.sku_id, v_warehouse[r.level], r.quantity, r.available
      from rows from (pg_catalog.unnest(r_ordinal[:v_last]), pg_catalog.unnest(r_sku[:v_last]),
                      pg_catalog.unnest(r_level[:v_last]), pg_catalog.unnest(r_quantity[:v_last]),
                      pg_catalog.unnest(r_available[:v_last]))
        as r (ordinal, sku_id, level, quantity, available);
end
$$;

grant execute on function stock.allocate(smallint, stock.demand[]) to scoville_definer;
