-- Writes the event of each new order, with its document, complete except for e-mail and phone number. Historic orders get their own type, so that
-- nobody ships what left long ago.
create or replace function orders.emit_placed(
  p_region_id smallint,
  p_drafts orders.draft[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_written integer;
begin
  insert into events.outbox
    (region_id, type, audience, subject, channel_id, warehouse_ids, version, data, actor, request_id, occurred_at)
  select p_region_id, t.type, t.audience, 'orders/' || orders.public_id(p_region_id, d.order_id), d.channel_id, d.warehouse_ids, 1,
         jsonb_set(d.document::jsonb, '{customer}', orders.event_customer(d.customer_name, d.customer_address)), d.actor, d.request_id, app.now()
    from unnest(p_drafts) d
    join events.event_types t on t.type = case when d.historic then 'order.recorded' else 'order.placed' end
   order by d.order_id;
  get diagnostics v_written = row_count;
  if v_written <> cardinality(p_drafts) then
    raise exception using errcode = 'internal_error', message = 'fewer events were written than orders given';
  end if;
end
$$;

grant execute on function orders.emit_placed(smallint, orders.draft[]) to scoville_definer;
