-- Begins the work of one caller: sets role and claims for the rest of the transaction. The caller must be a member of the role,
-- so the API's login can become one of the API's roles and nothing else.
-- Every transaction begins here, so it has only expressions that need no executor.
create or replace function app.enter(
  p_role text,
  p_claims jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_warehouses text[] := '{}';
  v_channels text[] := '{}';
  v_set text;
begin
  if p_role is null then  -- which set_config would take for no role
    raise exception using errcode = 'null_value_not_allowed', message = 'app.enter needs a role';
  end if;
  for i in 0 .. coalesce(jsonb_array_length(p_claims -> 'warehouses'), 0) - 1 loop
    v_warehouses := v_warehouses || (p_claims -> 'warehouses' ->> i);
  end loop;
  for i in 0 .. coalesce(jsonb_array_length(p_claims -> 'channels'), 0) - 1 loop
    v_channels := v_channels || (p_claims -> 'channels' ->> i);
  end loop;
  v_set := set_config('role', p_role, true);
  v_set := set_config('scoville.subject', coalesce(p_claims ->> 'sub', ''), true);
  v_set := set_config('scoville.request_id', coalesce(p_claims ->> 'request_id', ''), true);
  v_set := set_config('scoville.region', coalesce(p_claims ->> 'region', ''), true);
  v_set := set_config('scoville.warehouses', coalesce(nullif(v_warehouses, '{}')::text, ''), true);
  v_set := set_config('scoville.channels', coalesce(nullif(v_channels, '{}')::text, ''), true);
end
$$;

grant execute on function app.enter(text, jsonb) to authenticator;
