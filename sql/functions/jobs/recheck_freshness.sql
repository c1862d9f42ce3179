-- Definer: the worker may not write to tables; this function says which orders will not get what they were promised about the time of sale.
-- Orders keep their promises when they are placed, but lots are recalled, lost or corrected later. At most p_limit SKUs per call; it
-- returns the number of promises that it marked or cleared.
-- Lock order: stock_levels in key order, then orders in key order.
create or replace function jobs.recheck_freshness(
  p_region_id smallint,
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_skus text[];
  v_warehouses text[];
  v_places text[];
  v_risks jsonb := '{}';  -- orders by SKU
  v_marked bigint[];
  v_changed integer := 0;
begin
  v_skus := array(
    select f.sku_id
      from orders.freshness f
      join orders.order_allocations a
        on a.region_id = p_region_id and a.order_id = f.order_id and a.sku_id = f.sku_id
       and a.quantity > a.fulfilled_quantity + a.released_quantity
     where f.region_id = p_region_id and f.is_open
     group by f.sku_id
    having bool_or(f.at_risk_at is not null) or min(stock.fresh_room(p_region_id => p_region_id, p_warehouse_id => a.warehouse_id,
             p_sku_id => f.sku_id, p_fresh_until => f.fresh_until)) < 0
     order by f.sku_id
     limit p_limit);
  -- All levels of the SKUs, because units may move to any of them before the locks are held.
  select array_agg(l.warehouse_id order by l.warehouse_id, l.sku_id), array_agg(l.sku_id order by l.warehouse_id, l.sku_id)
    into v_warehouses, v_places
    from stock.stock_levels l
   where l.region_id = p_region_id and l.sku_id = any (v_skus);
  if v_warehouses is null then
    return 0;
  end if;
  perform stock.lock_levels(p_region_id, array(
    select stock.new_movement(p_warehouse_id => k.warehouse_id, p_sku_id => k.sku_id)
      from rows from (unnest(v_warehouses), unnest(v_places)) as k (warehouse_id, sku_id)));
  for i in 1 .. cardinality(v_places) loop
    v_risks := v_risks || jsonb_build_object(v_places[i], coalesce(v_risks -> v_places[i], '[]') || to_jsonb(
      orders.doubtful_orders(p_region_id => p_region_id, p_warehouse_id => v_warehouses[i], p_sku_id => v_places[i])));
  end loop;
  perform from orders.orders o
   where o.region_id = p_region_id and o.order_id in (
     select r.value::bigint from jsonb_each(v_risks) k cross join lateral jsonb_array_elements(k.value) r)
   order by o.order_id
     for no key update;
  with changed as (
    update orders.freshness f
       set at_risk_at = case when v_risks -> f.sku_id @> to_jsonb(f.order_id) then app.now() end
     where f.region_id = p_region_id and f.sku_id = any (v_skus) and f.is_open
       and (v_risks -> f.sku_id @> to_jsonb(f.order_id)) <> (f.at_risk_at is not null)
    returning f.order_id, f.at_risk_at
  )
  select count(*), array_agg(distinct c.order_id order by c.order_id) filter (where c.at_risk_at is not null)
    into v_changed, v_marked
    from changed c;
  if v_marked is not null then
    perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.at_risk', p_order_ids => v_marked);
  end if;
  return v_changed;
end
$$;

alter function jobs.recheck_freshness(smallint, integer) owner to scoville_definer;
grant execute on function jobs.recheck_freshness(smallint, integer) to scoville_worker;
