-- The refusal of a request about an existing client, or null. p_client is the client, locked, or a row of nulls.
create or replace function identity.refuse_change(
  p_client identity.clients,
  p_element jsonb
)
  returns api.refusal
  language sql
  immutable
  set search_path = ''
as $$
  select case
    when p_client.client_id is null then identity.missing(p_element ->> 'client_id')
    when p_element ->> 'if_match' not in ('*', p_client.version::text) then app.refuse(p_code => 'ST009',
      p_detail => 'This client changed since you read it. Read it again and decide again.')
    end;
$$;

grant execute on function identity.refuse_change(identity.clients, jsonb) to scoville_definer;
