-- Writes one event per order, with its current document. p_old: the former values of the changed members, by order_id. p_more: further
-- members of such events.
create or replace function orders.emit_order_events(
  p_region_id smallint,
  p_type text,
  p_order_ids bigint[],
  p_old jsonb default '{}',
  p_more jsonb default '{}'
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_orders orders.orders[];
  v_documents json[];
begin
  select array_agg(o::orders.orders order by o.order_id), array_agg(d.document order by o.order_id)
    into v_orders, v_documents
    from orders.orders o
    join orders.documents(p_region_id => p_region_id, p_order_ids => p_order_ids, p_complete => true) d on d.order_id = o.order_id
   where o.region_id = p_region_id and o.order_id = any (p_order_ids);
  perform orders.emit_documents(p_region_id => p_region_id, p_type => p_type, p_orders => v_orders, p_documents => v_documents,
    p_old => p_old, p_more => p_more);
end
$$;

grant execute on function orders.emit_order_events(smallint, text, bigint[], jsonb, jsonb) to scoville_definer;
