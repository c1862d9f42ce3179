-- Has an unverified endpoint challenged again, from the beginning of the schedule. Not at once if that was done a moment ago: until it
-- has answered, the URL may be anybody's.
-- Called with the endpoint_states locked.
create or replace function webhooks.ask_for_proof(
  p_region_id smallint,
  p_endpoint_id bigint
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  update webhooks.endpoint_states s
     set challenges = 0, challenge_due_at = greatest(app.now(), s.challenged_at + interval '20 seconds')
   where s.region_id = p_region_id and s.endpoint_id = p_endpoint_id and s.verified_at is null;
end
$$;

grant execute on function webhooks.ask_for_proof(smallint, bigint) to scoville_definer;
