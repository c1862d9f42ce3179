-- How many more deliveries of these endpoints may be queued now, by their limit of requests at once and their rate limit (generic
-- cell rate algorithm: one delivery per interval, at most one second's worth at once). None while an endpoint is paused; one
-- after a pause, until a delivery succeeds.
-- Called with the endpoint_states locked, in a separate statement: it must see what the last holder committed.
create or replace function webhooks.rooms(
  p_region_ids smallint[],
  p_endpoint_ids bigint[],
  p_now timestamptz
)
  returns table (region_id smallint, endpoint_id bigint, room integer, pace interval, paced_from_at timestamptz)
  language sql
  stable
  set search_path = ''
as $$
  select s.region_id, s.endpoint_id,
         greatest(0, least(
           case when s.pauses_in_row > 0 then 1 else s.requests_at_once end - q.queued,
           floor(extract(epoch from p_now + n.burst - n.paced_from_at) / extract(epoch from n.pace)) + 1))::integer,
         n.pace, n.paced_from_at
    from unnest(p_region_ids, p_endpoint_ids) w (region_id, endpoint_id)
    join webhooks.endpoint_states s on s.region_id = w.region_id and s.endpoint_id = w.endpoint_id
    join webhooks.endpoints p on p.region_id = s.region_id and p.endpoint_id = s.endpoint_id
   cross join lateral (
     select count(*)::integer as queued
       from webhooks.deliveries d
      where d.region_id = s.region_id and d.endpoint_id = s.endpoint_id and d.status = 'queued') q
   cross join lateral (
     select interval '1 minute' / p.rate_per_minute_max as pace, greatest(s.paced_until_at, p_now) as paced_from_at,
            interval '1 minute' / p.rate_per_minute_max
              * (ceil(p.rate_per_minute_max / 60.0) - 1) as burst) n
   where coalesce(s.paused_until_at <= p_now, true)
     and p.active and p.disabled_at is null and p.deleted_at is null;
$$;

grant execute on function webhooks.rooms(smallint[], bigint[], timestamptz) to scoville_definer;
