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
  v_sku text;
  v_warehouses text[];
  v_doubtful bigint[];
  v_marked bigint[];
  v_changed integer := 0;
begin
  for v_sku, v_warehouses in
    select f.sku_id, array_agg(distinct a.warehouse_id order by a.warehouse_id)
      from orders.freshness f
      join orders.order_allocations a
        on a.region_id = p_region_id and a.order_id = f.order_id and a.sku_id = f.sku_id
       and a.quantity > a.fulfilled_quantity + a.released_quantity
     where f.region_id = p_region_id and f.is_open
     group by f.sku_id
    having bool_or(f.at_risk_at is not null) or min(stock.fresh_room(p_region_id => p_region_id, p_warehouse_id => a.warehouse_id,
             p_sku_id => f.sku_id, p_fresh_until => f.fresh_until)) < 0
     order by f.sku_id
     limit p_limit
  loop
    perform stock.lock_levels(p_region_id, array(
      select stock.new_movement(p_warehouse_id => w, p_sku_id => v_sku) from unnest(v_warehouses) w));
    v_doubtful := array(
      select distinct d.order_id
        from unnest(v_warehouses) w
       cross join lateral unnest(orders.doubtful_orders(p_region_id => p_region_id, p_warehouse_id => w, p_sku_id => v_sku)) d (order_id)
       order by d.order_id);
    perform from orders.orders o
     where o.region_id = p_region_id and o.order_id = any (v_doubtful)
     order by o.order_id
       for no key update;
    with changed as (
      update orders.freshness f
         set at_risk_at = case when f.order_id = any (v_doubtful) then app.now() end
       where f.region_id = p_region_id and f.sku_id = v_sku and f.is_open
         and (f.order_id = any (v_doubtful)) <> (f.at_risk_at is not null)
      returning f.order_id, f.at_risk_at
    )
    select v_changed + count(*), array_agg(c.order_id order by c.order_id) filter (where c.at_risk_at is not null)
      into v_changed, v_marked
      from changed c;
    if v_marked is not null then
      perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.at_risk', p_order_ids => v_marked);
    end if;
  end loop;
  return v_changed;
end
$$;

alter function jobs.recheck_freshness(smallint, integer) owner to scoville_definer;
grant execute on function jobs.recheck_freshness(smallint, integer) to scoville_worker;
