-- Begins the work of one caller: sets role and claims for the rest of the transaction. The caller must be a member of the role,
-- so the API's login can become one of the API's roles and nothing else.
-- SET LOCAL statements rather than set_config() alone, because a distributed Postgres forwards only these.
create or replace function app.enter(
  p_role text,
  p_claims jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  execute format('set local role %I', p_role);
  execute format('set local scoville.subject = %L', coalesce(p_claims ->> 'sub', ''));
  execute format('set local scoville.request_id = %L', coalesce(p_claims ->> 'request_id', ''));
  execute format('set local scoville.region = %L', coalesce(p_claims ->> 'region', ''));
  execute format('set local scoville.warehouses = %L', coalesce((
    select array_agg(w.id) from jsonb_array_elements_text(p_claims -> 'warehouses') as w (id))::text, ''));
  execute format('set local scoville.channels = %L', coalesce((
    select array_agg(c.id) from jsonb_array_elements_text(p_claims -> 'channels') as c (id))::text, ''));
end
$$;

grant execute on function app.enter(text, jsonb) to authenticator;
