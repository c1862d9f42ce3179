-- Writes the events of an erasure: each names at most c_orders_max orders of one channel and the same warehouses, so that exactly those see
-- it who may see these orders. The orders must be locked.
create or replace function orders.emit_erased(
  p_region_id smallint,
  p_erasure_id bigint,
  p_order_ids bigint[],
  p_actor text,
  p_request_id text
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  c_orders_max constant integer := 250;  -- a webhook gets up to 20 KiB whole
  v_id text := 'ERS-' || p_region_id || '-' || p_erasure_id;
  v_part record;
  v_parts integer := 0;
begin
  for v_part in
    select s.channel_id, s.warehouse_ids, jsonb_agg(jsonb_build_object(
             'order_id', orders.public_id(p_region_id, s.order_id), 'version', s.version) order by s.order_id) as orders
      from (select o.order_id, o.channel_id, o.warehouse_ids, o.version,
                   (row_number() over (partition by o.channel_id, o.warehouse_ids order by o.order_id) - 1) / c_orders_max as part
              from orders.orders o
             where o.region_id = p_region_id and o.order_id = any (p_order_ids)) s
     group by s.channel_id, s.warehouse_ids, s.part
     order by min(s.order_id)
  loop
    v_parts := v_parts + 1;
    perform events.emit(p_region_id => p_region_id, p_type => 'customer.erased', p_subject => 'erasures/' || v_id,
      p_channel_id => v_part.channel_id, p_warehouse_ids => v_part.warehouse_ids, p_version => v_parts,
      p_data => jsonb_build_object('erasure_id', v_id, 'channel', v_part.channel_id, 'orders', v_part.orders, 'version', v_parts),
      p_actor => p_actor, p_request_id => p_request_id);
  end loop;
end
$$;

grant execute on function orders.emit_erased(smallint, bigint, bigint[], text, text) to scoville_definer;
