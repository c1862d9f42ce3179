-- Locks the orders that wait for these SKUs, and reads their promised days: {order_id: {sku_id: day}}. A command that changes what is expected does
-- it first, and tells the orders at its end whose day changed (orders.emit_promises). Without the locks, two such commands in different warehouses
-- would each tell a day that does not know of the other. The orders may be of any channel of the region: for the time of this call the
-- claims name their channels.
-- Lock order: the caller has locked the levels and the documents that move stock; the orders by id. Nobody who has locked an order asks for these.
create or replace function orders.lock_promises(
  p_region_id smallint,
  p_sku_ids text[]
)
  returns jsonb
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_channels text[] := app.claim_channels();
  v_waiting record;
begin
  select array_agg(distinct b.order_id) as order_ids, array_agg(distinct b.channel_id) as channel_ids into v_waiting
    from orders.backorders b where b.region_id = p_region_id and b.sku_id = any (p_sku_ids);
  if v_waiting.order_ids is null then
    return '{}';
  end if;
  perform set_config('scoville.channels', v_waiting.channel_ids::text, true);
  perform from orders.orders o
   where o.region_id = p_region_id and o.order_id = any (v_waiting.order_ids)
   order by o.order_id
     for no key update;
  perform set_config('scoville.channels', coalesce(v_channels::text, ''), true);
  return (
    select coalesce(jsonb_object_agg(o.order_id, o.days), '{}')
      from (select d.order_id, jsonb_object_agg(d.sku_id, d.promised_on) as days
              from orders.promise_dates(p_region_id, p_sku_ids) d
             group by d.order_id) o);
end
$$;

grant execute on function orders.lock_promises(smallint, text[]) to scoville_definer;
