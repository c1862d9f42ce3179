-- Shares out the units of these locked levels (orders.plan_supplies), and locks the orders that get them. Another transaction may serve the same orders
-- from other levels: what it took is known only under the locks of the orders, so the plan is made again under them. The orders may be of
-- any channel of the region: for the time of this call the claims name their channels.
-- Lock order: the caller has locked the levels; here the orders in key order.
create or replace function orders.claim_units(
  p_region_id smallint,
  p_warehouse_ids text[],
  p_sku_ids text[],
  p_freed bigint[]
)
  returns orders.supply[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_channels text[] := app.claim_channels();
  v_supplies orders.supply[];
  v_orders bigint[];
  v_locked bigint[] := '{}';
  v_set text;
begin
  loop
    v_supplies := orders.plan_supplies(p_region_id => p_region_id, p_warehouse_ids => p_warehouse_ids, p_sku_ids => p_sku_ids,
      p_freed => p_freed);
    v_orders := array(select distinct s.order_id from unnest(v_supplies) s order by s.order_id);
    exit when v_orders <@ v_locked;
    v_set := set_config('scoville.channels', array(select distinct s.channel_id from unnest(v_supplies) s)::text, true);
    perform from orders.orders o
     where o.region_id = p_region_id and o.order_id = any (v_orders)
     order by o.order_id
       for no key update;
    v_set := set_config('scoville.channels', coalesce(v_channels::text, ''), true);
    v_locked := v_locked || v_orders;
  end loop;
  return v_supplies;
end
$$;

grant execute on function orders.claim_units(smallint, text[], text[], bigint[]) to scoville_definer;
