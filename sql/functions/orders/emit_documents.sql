-- Writes one event per order with its document (in the same order), complete except for e-mail and phone number, so a consumer does not have to
-- read a table. p_old: the former values of the changed members, by order_id; p_more: further members of such events.
create or replace function orders.emit_documents(
  p_region_id smallint,
  p_type text,
  p_orders orders.orders[],
  p_documents json[],
  p_old jsonb default '{}',
  p_more jsonb default '{}'
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_audience text := events.audience_of(p_type);
  v_written integer;
begin
  with written as (
    insert into events.outbox
      (region_id, type, audience, subject, channel_id, warehouse_ids, version, data, actor, request_id, occurred_at)
    select p_region_id, p_type, v_audience, 'orders/' || orders.public_id(p_region_id, o.order_id), o.channel_id,
           o.warehouse_ids, o.version,
           case when p_old ? o.order_id::text
                then jsonb_build_object('old', p_old -> o.order_id::text) || p_more || d.data else d.data end,
           o.changed_by, o.request_id, app.now()
      from unnest(p_orders) with ordinality o
      join rows from (unnest(p_documents)) with ordinality g (document, ordinality) on g.ordinality = o.ordinality
     cross join lateral (select jsonb_set(g.document::jsonb, '{customer}', orders.event_customer(o.customer_name, o.customer_address)) offset 0) d (data)
     order by o.order_id
    returning 1
  )
  select count(*) into v_written from written;
  if v_written <> cardinality(p_orders) then
    raise exception using errcode = 'internal_error', message = 'fewer events were written than orders given';
  end if;
end
$$;

grant execute on function orders.emit_documents(smallint, text, orders.orders[], json[], jsonb, jsonb) to scoville_definer;
