-- Whether the owner of an endpoint may see an event, in this role and with these channels: an admin everything, an integration what
-- belongs to its channels, everybody the catalogue, as the policies of events.event_log have it. A test is for the endpoint it names.
create or replace function webhooks.may_see(
  p_endpoint webhooks.endpoints,
  p_channel_ids text[],
  p_event events.event_log
)
  returns boolean
  language sql
  immutable
  parallel safe
  return coalesce(p_endpoint.owner_role = 'admin' or p_event.type in ('sku.changed', 'webhook.test')
                  or p_event.channel_id = any (p_channel_ids), false);

grant execute on function webhooks.may_see(webhooks.endpoints, text[], events.event_log) to scoville_definer;
