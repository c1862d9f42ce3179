-- Begins the work of one caller: sets role and claims for the rest of the transaction. The caller must be a member of the role,
-- so the API's login can become one of the API's roles and nothing else.
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
  perform set_config('role', p_role, true),
          set_config('scoville.subject', coalesce(p_claims ->> 'sub', ''), true),
          set_config('scoville.request_id', coalesce(p_claims ->> 'request_id', ''), true),
          set_config('scoville.region', coalesce(p_claims ->> 'region', ''), true),
          set_config('scoville.warehouses', coalesce((
            select array_agg(w.id) from jsonb_array_elements_text(p_claims -> 'warehouses') as w (id))::text, ''), true),
          set_config('scoville.channels', coalesce((
            select array_agg(c.id) from jsonb_array_elements_text(p_claims -> 'channels') as c (id))::text, ''), true);
end
$$;

grant execute on function app.enter(text, jsonb) to authenticator;
