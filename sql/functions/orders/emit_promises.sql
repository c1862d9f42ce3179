-- Tells the orders whose promised day is another one than in p_old (orders.lock_promises) that it changed, with the former days. Who waits no more
-- hears of the supply instead. The orders may be of any channel of the region: for the time of this call the claims name their channels.
-- Lock order: none; orders.lock_promises has locked the orders.
create or replace function orders.emit_promises(
  p_region_id smallint,
  p_sku_ids text[],
  p_old jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_channels text[] := app.claim_channels();
  v_old jsonb;
  v_orders bigint[];
begin
  if p_old = '{}' then
    return;
  end if;
  select jsonb_object_agg(c.order_id, jsonb_build_object('backorders', c.days)), array_agg(c.order_id order by c.order_id) into v_old, v_orders
    from (select n.order_id, jsonb_agg(jsonb_build_object('sku_id', n.sku_id, 'promised_on', o.promised_on) order by n.sku_id) as days
            from orders.promise_dates(p_region_id, p_sku_ids) n
           cross join lateral (select (p_old -> n.order_id::text ->> n.sku_id)::date) o (promised_on)
           where p_old -> n.order_id::text ? n.sku_id and o.promised_on is distinct from n.promised_on
           group by n.order_id) c;
  if v_orders is null then
    return;
  end if;
  perform set_config('scoville.channels', array(
    select distinct b.channel_id from orders.backorders b where b.region_id = p_region_id and b.order_id = any (v_orders))::text, true);
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.promise_changed', p_order_ids => v_orders, p_old => v_old);
  perform set_config('scoville.channels', coalesce(v_channels::text, ''), true);
end
$$;

grant execute on function orders.emit_promises(smallint, text[], jsonb) to scoville_definer;
