-- The orders whose promise about the time of sale a level cannot keep: the later ones, as far as too few units are left.
-- The caller has locked the level.
create or replace function orders.doubtful_orders(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text
)
  returns bigint[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_orders bigint[] := '{}';
  v_kept stock.allocation[] := '{}';
  v_all bigint[];
  v_promise record;
begin
  v_all := array(
    select f.order_id from orders.freshness f where f.region_id = p_region_id and f.sku_id = p_sku_id and f.is_open);
  for v_promise in
    select f.order_id, f.fresh_until, a.quantity - a.fulfilled_quantity - a.released_quantity as units
      from orders.freshness f
      join orders.order_allocations a
        on a.region_id = p_region_id and a.order_id = f.order_id and a.sku_id = f.sku_id and a.warehouse_id = p_warehouse_id
       and a.quantity > a.fulfilled_quantity + a.released_quantity
     where f.region_id = p_region_id and f.sku_id = p_sku_id and f.is_open
     order by f.order_id
  loop
    if stock.fresh_room(p_region_id => p_region_id, p_warehouse_id => p_warehouse_id, p_sku_id => p_sku_id,
         p_fresh_until => v_promise.fresh_until, p_decided => v_kept, p_except => v_all) >= v_promise.units then
      v_kept := v_kept || stock.new_allocation(p_sku_id => p_sku_id, p_warehouse_id => p_warehouse_id, p_quantity => v_promise.units,
        p_freshness => jsonb_build_object('fresh_until', v_promise.fresh_until));
    else
      v_orders := v_orders || v_promise.order_id;
    end if;
  end loop;
  return v_orders;
end
$$;

grant execute on function orders.doubtful_orders(smallint, text, text) to scoville_definer;
