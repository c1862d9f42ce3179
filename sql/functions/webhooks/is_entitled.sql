-- Whether an event may be sent to an endpoint now: an admin may see everything, an integration what it is the audience of, as the
-- policies of events.event_log have it. An owner that is a client of ours (p_client; its columns are null where
-- it is none) is taken at its present role and scope: what it lost the right to see is not sent any more, whenever the delivery was
-- made. An event whose audience is a webhook is for the endpoint that it names (webhooks.wants).
create or replace function webhooks.is_entitled(
  p_endpoint webhooks.endpoints,
  p_client identity.clients,
  p_event events.event_log
)
  returns boolean
  language sql
  immutable
  parallel safe
  return coalesce(
    (p_client.client_id is null or p_client.active and p_client.role = p_endpoint.owner_role)
    and (p_endpoint.owner_role = 'admin' or p_event.audience in ('everybody', 'webhook')
         or p_event.audience in ('channel', 'warehouse') and p_event.channel_id = any (
              case when p_client.client_id is null then p_endpoint.owner_channels else p_client.channels end)),
    false);

grant execute on function webhooks.is_entitled(webhooks.endpoints, identity.clients, events.event_log) to scoville_definer;
