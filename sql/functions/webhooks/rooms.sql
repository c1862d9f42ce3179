-- How many more deliveries of these endpoints may be queued now, by their limit of requests at once and their rate limit (generic
-- cell rate algorithm: one delivery per interval, at most one second's worth at once). None while an endpoint is paused or not
-- verified; one after a pause, until a delivery succeeds.
-- The endpoints of one owner have at most a quarter of a worker's requests together (UNDER_WAY_MAX of
-- pyapp/outbound/webhooks/delivery.py), unless nobody else has an endpoint: slow answers delay no other owner. Those with the
-- fewest in the queue come first.
-- Called with the endpoint_states locked, in a separate statement: it must see what the last holder committed.
create or replace function webhooks.rooms(
  p_region_ids smallint[],
  p_endpoint_ids bigint[],
  p_now timestamptz
)
  returns table (region_id smallint, endpoint_id bigint, room integer, pace interval, paced_from_at timestamptz)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    with own as materialized (
      select s.region_id, s.endpoint_id, p.owner, q.queued, n.pace, n.paced_from_at,
             greatest(0, least(
               case when s.pauses_in_row > 0 then 1 else s.requests_at_once end - q.queued,
               floor(extract(epoch from p_now + n.burst - n.paced_from_at) / extract(epoch from n.pace)) + 1))::integer as room
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
       where coalesce(s.paused_until_at <= p_now, true) and s.verified_at is not null
         and p.active and p.disabled_at is null and p.deleted_at is null
    ), owners as materialized (
      select o.owner, webhooks.room_of_owner(o.owner) as room from (select distinct w.owner from own w where w.room > 0) o
    ), wanted as (
      select w.*, o.room as shared,
             case when o.room is null then w.room
                  else (select count(*)
                          from (select from webhooks.deliveries d
                                 where d.region_id = w.region_id and d.endpoint_id = w.endpoint_id and d.status = 'pending'
                                   and d.due_at <= p_now
                                 limit w.room) d) end as wants
        from own w
        left join owners o on o.owner = w.owner
    )
    select w.region_id, w.endpoint_id,
           case when w.shared is null then w.room
                else greatest(0, least(w.wants, w.shared - coalesce(sum(w.wants) over (
                       partition by w.owner order by w.queued, w.region_id, w.endpoint_id
                       rows between unbounded preceding and 1 preceding), 0))) end::integer,
           w.pace, w.paced_from_at
      from wanted w;
end
$$;

grant execute on function webhooks.rooms(smallint[], bigint[], timestamptz) to scoville_definer;
