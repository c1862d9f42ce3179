-- Why a request about an existing client cannot be carried out, or null: {"code", "body"}. p_client is the client, locked, or a
-- row of nulls.
create or replace function identity.refuse_change(
  p_client identity.clients,
  p_element jsonb
)
  returns jsonb
  language sql
  immutable
  set search_path = ''
as $$
  select case
    when p_client.client_id is null then jsonb_build_object('code', 'ID004', 'body', jsonb_build_object(
      'detail', format('There is no client %s.', p_element ->> 'client_id')))
    when p_element ->> 'if_match' not in ('*', p_client.version::text) then jsonb_build_object('code', 'ST009', 'body',
      app.refusal('This client changed since you read it. Read it again and decide anew.', ''))
    end;
$$;

grant execute on function identity.refuse_change(identity.clients, jsonb) to scoville_definer;
