-- Gives an endpoint a new secret and returns it. The previous secret signs beside it for the given time; older ones end at once.
create or replace function webhooks.add_secret(
  p_region_id smallint,
  p_endpoint_id bigint,
  p_overlap interval default '0'
)
  returns text
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_secret text := webhooks.new_secret();
  v_no integer;
begin
  select coalesce(max(s.secret_no), 0) into v_no
    from webhooks.secrets s
   where s.region_id = p_region_id and s.endpoint_id = p_endpoint_id;
  delete from webhooks.secrets s
   where s.region_id = p_region_id and s.endpoint_id = p_endpoint_id and (s.secret_no < v_no or p_overlap = '0');
  update webhooks.secrets s
     set expires_at = app.now() + p_overlap
   where s.region_id = p_region_id and s.endpoint_id = p_endpoint_id and s.secret_no = v_no;
  insert into webhooks.secrets (region_id, endpoint_id, secret_no, secret, created_at)
  values (p_region_id, p_endpoint_id, v_no + 1, v_secret, app.now());
  return v_secret;
end
$$;

grant execute on function webhooks.add_secret(smallint, bigint, interval) to scoville_definer;
