-- Shares out the units of these levels (pairs of warehouse and SKU) that are available or become so (p_freed): of each SKU to the orders
-- that wait, by priority and then by how long they wait, each from the warehouses of its channel by their priority.
-- An order whose units a rule promises something about takes only units that keep it, and leaves the others to those behind it. Units of
-- lots that are past their last day serve nobody, even if no sweep has come yet. p_except: orders that are over. Changes nothing. At most
-- c_supplies_max, because the event of a posting names all its documents; jobs.serve_backorders goes on.
create or replace function orders.plan_supplies(
  p_region_id smallint,
  p_warehouse_ids text[],
  p_sku_ids text[],
  p_freed bigint[],
  p_except bigint[] default '{}'
)
  returns orders.supply[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  c_supplies_max constant integer := 10000;
  v_now timestamptz := app.now();
  v_sku text;
  v_warehouses text[];
  v_free integer[];
  v_left bigint;
  v_order record;
  v_missing integer;
  v_at integer;
  v_units integer;
  v_promised stock.allocation[] := '{}';  -- supplies about which a rule promises something
  v_supplies orders.supply[] := '{}';
begin
  for v_sku, v_warehouses, v_free, v_left in
    select l.sku_id, array_agg(l.warehouse_id order by l.warehouse_id),
           array_agg((l.available + k.freed - o.units)::integer order by l.warehouse_id), sum(l.available + k.freed - o.units)
      from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids), unnest(p_freed)) as k (warehouse_id, sku_id, freed)
      join stock.stock_levels l on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
     cross join lateral (
       select case when l.next_expiry_at <= v_now then stock.unswept_units(p_region_id => p_region_id, p_warehouse_id => l.warehouse_id,
                                                         p_sku_id => l.sku_id) else 0 end) o (units)
     where l.available + k.freed > o.units and exists (
       select from orders.backorders b where b.region_id = p_region_id and b.sku_id = l.sku_id)
     group by l.sku_id
     order by l.sku_id
  loop
    for v_order in
      select b.order_id, b.channel_id, b.quantity, f.fresh_until, array(
               select s.warehouse_id from catalog.serving_warehouses() s
                where s.channel_id = b.channel_id and s.warehouse_id = any (v_warehouses)
                order by s.priority, s.warehouse_id) as warehouse_ids
        from orders.backorders b
        left join orders.freshness f on f.region_id = p_region_id and f.order_id = b.order_id and f.sku_id = b.sku_id
       where b.region_id = p_region_id and b.sku_id = v_sku and b.order_id <> all (p_except)
       order by b.priority desc, b.queued_at, b.order_id
    loop
      v_missing := v_order.quantity;
      for i in 1 .. cardinality(v_order.warehouse_ids) loop
        v_at := array_position(v_warehouses, v_order.warehouse_ids[i]);
        v_units := least(v_missing, v_free[v_at]);
        continue when v_units = 0;
        if v_order.fresh_until is not null then
          v_units := least(v_units, stock.fresh_room(p_region_id => p_region_id, p_warehouse_id => v_warehouses[v_at], p_sku_id => v_sku,
            p_fresh_until => v_order.fresh_until, p_decided => v_promised, p_except => p_except));
          continue when v_units <= 0;
          v_promised := v_promised || stock.new_allocation(p_sku_id => v_sku, p_warehouse_id => v_warehouses[v_at], p_quantity => v_units,
            p_freshness => jsonb_build_object('fresh_until', v_order.fresh_until));
        end if;
        v_free[v_at] := v_free[v_at] - v_units;
        v_left := v_left - v_units;
        v_missing := v_missing - v_units;
        v_supplies := v_supplies || orders.new_supply(p_order_id => v_order.order_id, p_sku_id => v_sku,
          p_channel_id => v_order.channel_id, p_warehouse_id => v_warehouses[v_at], p_units => v_units,
          p_is_last => v_missing = 0);
      end loop;
      exit when v_left = 0 or cardinality(v_supplies) >= c_supplies_max;
    end loop;
    exit when cardinality(v_supplies) >= c_supplies_max;
  end loop;
  return v_supplies;
end
$$;

grant execute on function orders.plan_supplies(smallint, text[], text[], bigint[], bigint[]) to scoville_definer;
