-- Whether an endpoint receives an event that its owner may see: the event passes each filter. An event passes a filter if it
-- names one of the values; order events name the SKUs of their lines.
-- An event whose audience is a webhook goes to the endpoint that its subject names.
create or replace function webhooks.wants(
  p_endpoint webhooks.endpoints,
  p_event events.event_log
)
  returns boolean
  language sql
  immutable
  parallel safe
  return case
    when p_event.audience = 'webhook'
      then p_event.subject = 'webhooks/' || webhooks.public_id(p_endpoint.region_id, p_endpoint.endpoint_id)
    else (p_endpoint.event_types = '{}' or p_event.type = any (p_endpoint.event_types)
          or split_part(p_event.type, '.', 1) || '.*' = any (p_endpoint.event_types)
          or regexp_replace(p_event.type, '[^.]+$', '*') = any (p_endpoint.event_types))
     and (p_endpoint.warehouse_ids = '{}' or p_event.warehouse_ids && p_endpoint.warehouse_ids)
     and (p_endpoint.channel_ids = '{}' or p_event.channel_id = any (p_endpoint.channel_ids))
     and (p_endpoint.sku_ids = '{}' or p_event.sku_id = any (p_endpoint.sku_ids)
          or jsonb_path_query_array(p_event.data, 'lax $.items[*].sku_id') ?| p_endpoint.sku_ids)
  end;

grant execute on function webhooks.wants(webhooks.endpoints, events.event_log) to scoville_definer;
