-- Definer: the worker may not read clients; this function finds webhooks without one.
-- The live webhooks whose owner is no API client, the one of whose owner nothing was heard for the longest time first.
create or replace function jobs.find_unclaimed_webhooks()
  returns table (webhook_id text, owner text, confirmed_at timestamptz)
  language plpgsql
  stable
  security definer
  set search_path = ''
as $$
begin
  return query
    select webhooks.public_id(p.region_id, p.endpoint_id), p.owner, s.confirmed_at
      from webhooks.endpoints p
      join webhooks.endpoint_states s on s.region_id = p.region_id and s.endpoint_id = p.endpoint_id
     where p.active and p.disabled_at is null and p.deleted_at is null
       and not exists (select from identity.clients c where c.client_id = p.owner)
     order by s.confirmed_at, p.region_id, p.endpoint_id;
end
$$;

alter function jobs.find_unclaimed_webhooks() owner to scoville_definer;
grant execute on function jobs.find_unclaimed_webhooks() to scoville_worker;
