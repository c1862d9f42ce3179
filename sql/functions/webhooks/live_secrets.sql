-- The keys that sign messages to an endpoint, the newest first.
create or replace function webhooks.live_secrets(
  p_region_id smallint,
  p_endpoint_id bigint
)
  returns text[]
  language sql
  stable
  set search_path = ''
as $$
  select array(
    select s.secret
      from webhooks.secrets s
     where s.region_id = p_region_id and s.endpoint_id = p_endpoint_id and coalesce(s.expires_at > app.now(), true)
     order by s.secret_no desc);
$$;

grant execute on function webhooks.live_secrets(smallint, bigint) to scoville_definer;
