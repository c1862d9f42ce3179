-- An event as CloudEvents 1.0 JSON. Its id is its position at the time of recording. The id stays when the epoch is renewed
-- later, so an event never gets a second id.
create or replace function events.document(
  p_event events.event_log
)
  returns json
  language sql
  stable
  parallel safe
  return json_build_object(
    'specversion', '1.0',
    'id', p_event.epoch || ':' || p_event.seq,
    'source', '/scoville/regions/' || p_event.region_id,
    'type', p_event.type,
    'subject', p_event.subject,
    'time', app.rfc3339(p_event.occurred_at),
    'datacontenttype', 'application/json',
    'seq', p_event.seq,
    'version', p_event.version,
    'actor', p_event.actor,
    'requestid', p_event.request_id,
    'region', p_event.region_id,
    'data', p_event.data);

grant execute on function events.document(events.event_log) to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
