-- Whether an event may be sent to an endpoint now. An owner that is a client of ours is taken at its present role and scope: what it
-- lost the right to see is not sent any more, though the delivery was made before.
create or replace function webhooks.is_entitled(
  p_endpoint webhooks.endpoints,
  p_event events.event_log
)
  returns boolean
  language sql
  stable
  set search_path = ''
as $$
  select coalesce((select c.active and c.role = p_endpoint.owner_role and webhooks.may_see(p_endpoint, c.channels, p_event)
                     from identity.clients c
                    where c.client_id = p_endpoint.owner),
                  webhooks.may_see(p_endpoint, p_endpoint.owner_channels, p_event));
$$;

grant execute on function webhooks.is_entitled(webhooks.endpoints, events.event_log) to scoville_definer;
