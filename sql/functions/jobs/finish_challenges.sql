-- Definer: the worker may not write to tables; this function records the answers to challenges.
-- Takes reports [{region_id, endpoint_id, url, failure}]; failure null: the URL answered with the challenge. Returns the number of
-- endpoints that are verified now. A report about a URL that the endpoint no longer has changes nothing. After the last attempt the
-- endpoint is disabled.
-- Lock order: endpoint_states, then endpoints.
create or replace function jobs.finish_challenges(
  p_reports jsonb
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_verified integer;
  v_region_ids smallint[];
  v_endpoint_ids bigint[];
begin
  perform from webhooks.endpoint_states s
   where (s.region_id, s.endpoint_id) in (
     select r.region_id, r.endpoint_id
       from jsonb_to_recordset(p_reports) r (region_id smallint, endpoint_id bigint))
   order by s.region_id, s.endpoint_id
     for no key update;
  with finished as (
    update webhooks.endpoint_states s
       set verified_at = case when r.failure is null then app.now() end, challenge_failure = r.failure,
           challenge_due_at = case when r.failure is not null then s.challenge_due_at end
      from jsonb_to_recordset(p_reports) r (region_id smallint, endpoint_id bigint, url text, failure text)
      join webhooks.endpoints p on p.region_id = r.region_id and p.endpoint_id = r.endpoint_id and p.url = r.url
     where s.region_id = r.region_id and s.endpoint_id = r.endpoint_id and s.verified_at is null
    returning s.region_id, s.endpoint_id, s.verified_at, s.challenge_due_at
  )
  select count(f.verified_at), array_agg(f.region_id) filter (where f.verified_at is null and f.challenge_due_at is null),
         array_agg(f.endpoint_id) filter (where f.verified_at is null and f.challenge_due_at is null)
    into v_verified, v_region_ids, v_endpoint_ids
    from finished f;
  if v_region_ids is not null then
    perform webhooks.disable_endpoints(p_region_ids => v_region_ids, p_endpoint_ids => v_endpoint_ids,
      p_reasons => array_fill('unverified'::text, array[cardinality(v_region_ids)]));
  end if;
  return v_verified;
end
$$;

alter function jobs.finish_challenges(jsonb) owner to scoville_definer;
grant execute on function jobs.finish_challenges(jsonb) to scoville_worker;
