-- Whether an event may be sent to an endpoint now. An admin may see everything; an integration, the events of its audience, as in
-- the policies of events.event_log.
-- If the owner is an API client (p_client; all null if not), its present role and scope decide: events that it may no longer see
-- are not sent, even if the delivery is older. An event whose audience is a webhook goes to the endpoint that it names
-- (webhooks.wants).
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
