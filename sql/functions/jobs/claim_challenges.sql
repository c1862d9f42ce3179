-- Definer: no role may read the signing secrets.
-- Takes at most p_limit webhooks whose URL has not proved yet that it wants events, and returns what to send where, and the keys to
-- sign it with. Owners take turns, so nobody's many webhooks delay another's. Each claim schedules the next attempt, so a worker
-- that dies is not missed; the schedule is that of deliveries (webhooks.retry_delay), and no two attempts are closer than 20 seconds.
-- Lock order: endpoint_states.
create or replace function jobs.claim_challenges(
  p_limit integer
)
  returns table (region_id smallint, endpoint_id bigint, url text, secrets text[], webhook_id text)
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  v_now timestamptz := app.now();
begin
  return query
    with due as materialized (
      select s.region_id, s.endpoint_id,
             row_number() over (partition by s.owner order by s.challenge_due_at, s.endpoint_id) as turn
        from webhooks.endpoint_states s
        join webhooks.endpoints p on p.region_id = s.region_id and p.endpoint_id = s.endpoint_id
       where s.challenge_due_at <= v_now and p.active and p.disabled_at is null and p.deleted_at is null
       order by turn, s.challenge_due_at
       limit p_limit
    ), held as materialized (
      select s.region_id, s.endpoint_id
        from webhooks.endpoint_states s
        join due d on d.region_id = s.region_id and d.endpoint_id = s.endpoint_id
       where s.challenge_due_at <= v_now
       order by s.region_id, s.endpoint_id
         for no key update of s skip locked
    ), claimed as (
      update webhooks.endpoint_states s
         set challenges = s.challenges + 1, challenged_at = v_now,
             challenge_due_at = v_now + (
               select greatest(d.delay, interval '20 seconds')
                 from (select webhooks.retry_delay(s.challenges + 1, s.endpoint_id) as delay) d
                where d.delay is not null)
        from held h
       where s.region_id = h.region_id and s.endpoint_id = h.endpoint_id
      returning s.region_id, s.endpoint_id
    )
    select c.region_id, c.endpoint_id, p.url, webhooks.live_secrets(c.region_id, c.endpoint_id),
           webhooks.public_id(c.region_id, c.endpoint_id)
      from claimed c
      join webhooks.endpoints p on p.region_id = c.region_id and p.endpoint_id = c.endpoint_id;
end
$$;

alter function jobs.claim_challenges(integer) owner to scoville_definer;
grant execute on function jobs.claim_challenges(integer) to scoville_worker;
