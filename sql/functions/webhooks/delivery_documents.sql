-- Deliveries of an endpoint as clients see them, each with its attempts, oldest first.
create or replace function webhooks.delivery_documents(
  p_region_id smallint,
  p_endpoint_id bigint,
  p_delivery_ids bigint[]
)
  returns table (delivery_id bigint, document jsonb)
  language sql
  stable
  set search_path = ''
as $$
  select d.delivery_id, jsonb_build_object(
           'delivery_id', d.delivery_id::text,
           'webhook_id', webhooks.public_id(d.region_id, d.endpoint_id),
           'message_id', 'msg_' || translate(d.event_id, ':', '_'),
           'event_id', d.event_id,
           'seq', d.delivery_id,
           'type', d.type,
           'subject', d.subject,
           'status', case d.status when 'queued' then 'sending' else d.status end,
           'due_at', case when d.finished_at is null then app.rfc3339(d.due_at) end,
           'created_at', app.rfc3339(d.created_at),
           'finished_at', app.rfc3339(d.finished_at),
           'attempts', (
             select coalesce(jsonb_agg(jsonb_build_object(
                      'attempt', a.attempt_no, 'started_at', app.rfc3339(a.started_at), 'duration_ms', a.duration_ms,
                      'status_code', a.status_code, 'error', a.error, 'response', a.response) order by a.attempt_no), '[]')
               from webhooks.attempts a
              where a.region_id = d.region_id and a.endpoint_id = d.endpoint_id and a.delivery_id = d.delivery_id))
    from webhooks.deliveries d
   where d.region_id = p_region_id and d.endpoint_id = p_endpoint_id and d.delivery_id = any (p_delivery_ids);
$$;

grant execute on function webhooks.delivery_documents(smallint, bigint, bigint[]) to scoville_definer, admin, integration;
