-- Webhooks as clients see them, without their secrets. recent shows the outcome of the last hundred deliveries.
create or replace function webhooks.documents(
  p_region_id smallint,
  p_endpoint_ids bigint[]
)
  returns table (endpoint_id bigint, document jsonb)
  language sql
  stable
  set search_path = ''
as $$
  select p.endpoint_id, jsonb_build_object(
           'webhook_id', webhooks.public_id(p.region_id, p.endpoint_id),
           'url', p.url,
           'description', p.description,
           'event_types', p.event_types,
           'skus', p.sku_ids,
           'warehouses', p.warehouse_ids,
           'channels', p.channel_ids,
           'rate_limit', p.rate_per_minute_max,
           'concurrency', p.requests_at_once_max,
           'active', p.active,
           'status', case when p.disabled_at is not null then 'disabled' when not p.active then 'paused'
                          when s.verified_at is null then 'unverified' when s.failing_since_at is not null then 'failing' else 'working' end,
           'disabled_at', app.rfc3339(p.disabled_at),
           'disabled_reason', p.disabled_reason,
           'verified_at', app.rfc3339(s.verified_at),
           'verification_error', s.challenge_failure,
           'confirmed_at', app.rfc3339(s.confirmed_at),
           'failing_since', app.rfc3339(s.failing_since_at),
           'paused_until', case when s.paused_until_at > app.now() then app.rfc3339(s.paused_until_at) end,
           'recent', (
             select jsonb_build_object(
                      'pending', count(*) filter (where d.status in ('pending', 'queued')),
                      'delivered', count(*) filter (where d.status = 'delivered'),
                      'failed', count(*) filter (where d.status in ('failed', 'quarantined')),
                      'canceled', count(*) filter (where d.status = 'canceled'),
                      'attempts', coalesce(sum(d.attempts), 0),
                      'failed_attempts', coalesce(sum(d.failed), 0),
                      'last_attempt_at', app.rfc3339(max(d.last_at)))
               from (select l.status, l.attempts, t.failed, t.last_at
                       from (select v.*
                               from webhooks.deliveries v
                              where v.region_id = p.region_id and v.endpoint_id = p.endpoint_id
                              order by v.delivery_id desc
                              limit 100) l
                      cross join lateral (
                        select max(a.started_at) as last_at,
                               count(*) filter (where a.error is not null or a.status_code not between 200 and 299) as failed
                          from webhooks.attempts a
                         where a.region_id = l.region_id and a.endpoint_id = l.endpoint_id and a.delivery_id = l.delivery_id) t
                    ) d),
           'owner', p.owner,
           'previous_secret_expires_at', case when p.previous_secret_expires_at > app.now()
                                              then app.rfc3339(p.previous_secret_expires_at) end,
           'version', p.version,
           'created_at', app.rfc3339(p.created_at),
           'updated_at', app.rfc3339(p.updated_at))
    from webhooks.endpoints p
    join webhooks.endpoint_states s on s.region_id = p.region_id and s.endpoint_id = p.endpoint_id
   where p.region_id = p_region_id and p.endpoint_id = any (p_endpoint_ids) and p.deleted_at is null;
$$;

grant execute on function webhooks.documents(smallint, bigint[]) to scoville_definer, admin, integration;
