-- The body to send: the event as CloudEvents JSON. Above 20 KiB it leaves out data and refers to where to read it (the
-- CloudEvents extension dataref). The reference holds a position, which must be of the present epoch.
create or replace function webhooks.body(
  p_event events.event_log,
  p_epoch text
)
  returns text
  language sql
  stable
  set search_path = ''
as $$
  select case
    when octet_length(d.document) <= 20480 then d.document
    else ((d.document::jsonb - 'data' - 'datacontenttype') || jsonb_build_object('dataref',
           format('/v1/events?after=%s:%s&limit=1', p_epoch, p_event.seq - 1)))::text
    end
    from (select events.document(p_event)::text as document offset 0) d; -- built once
$$;

grant execute on function webhooks.body(events.event_log, text) to scoville_definer;
