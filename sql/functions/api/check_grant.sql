-- Definer: the API's own login calls this before it takes a caller's role, and it may read no table.
-- A token issued under another number is invalid: its client was revoked, paused or given another role or scope.
create or replace function api.check_grant(
  p_client_id text,
  p_grant_no integer
)
  returns boolean
  language sql
  stable
  security definer
  set search_path = ''
as $$
  select exists (select from identity.clients c
                  where c.client_id = p_client_id and c.active and c.grant_no = p_grant_no);
$$;

comment on function api.check_grant(text, integer) is 'Whether tokens of this client and number are still valid.';
alter function api.check_grant(text, integer) owner to scoville_definer;
grant execute on function api.check_grant(text, integer) to authenticator;
