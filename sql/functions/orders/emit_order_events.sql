-- One event for each of these orders, complete but for the e-mail: nobody has to read a table to understand it.
create or replace function orders.emit_order_events(
  p_region_id smallint,
  p_type text,
  p_order_ids bigint[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  insert into events.outbox
    (region_id, type, subject, channel_id, warehouse_ids, version, data, actor, request_id, occurred_at)
  select p_region_id, p_type, 'orders/' || orders.public_id(p_region_id, o.order_id), o.channel_id, o.warehouse_ids,
         o.version, d.document::jsonb #- '{customer,email}', o.changed_by, o.request_id, app.now()
    from orders.documents(p_region_id, p_order_ids, true) d
    join orders.orders o
      on o.region_id = p_region_id and o.order_id = d.order_id and o.order_id = any (p_order_ids)
   order by o.order_id
  on conflict do nothing;
end
$$;

grant execute on function orders.emit_order_events(smallint, text, bigint[]) to scoville_definer;
