-- Writes the event of each new order, with its document, complete except for the e-mail. Historic orders get their own type, so that
-- nobody ships what left long ago.
create or replace function orders.emit_placed(
  p_region_id smallint,
  p_placed orders.placed[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_audience text := events.audience_of('order.placed');
  v_written integer;
begin
  insert into events.outbox
    (region_id, type, audience, subject, channel_id, warehouse_ids, version, data, actor, request_id, occurred_at)
  select p_region_id, case when p.historic then 'order.recorded' else 'order.placed' end,
         case when p.historic then events.audience_of('order.recorded') else v_audience end,
         'orders/' || orders.public_id(p_region_id, p.order_id), p.channel_id, p.warehouse_ids, 1,
         p.document::jsonb #- '{customer,email}', p.actor, p.request_id, app.now()
    from unnest(p_placed) p
   order by p.order_id;
  get diagnostics v_written = row_count;
  if v_written <> cardinality(p_placed) then
    raise exception using errcode = 'internal_error', message = 'fewer events were written than orders given';
  end if;
end
$$;

grant execute on function orders.emit_placed(smallint, orders.placed[]) to scoville_definer;
