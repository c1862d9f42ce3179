-- Writes the audit row of a change to a client, from its document before (null: it is new) and now. Contains no secret and no
-- hash.
create or replace function identity.record_client(
  p_client_id text,
  p_old jsonb,
  p_reason text,
  p_meta jsonb
)
  returns jsonb
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_new jsonb := identity.client_document(p_client_id);
begin
  perform audit.record(
    p_action => case when p_old is null then 'insert' else 'update' end,
    p_table_name => 'identity.clients',
    p_row_key => p_client_id,
    p_old => p_old,
    p_new => v_new,
    p_reason => p_reason,
    p_actor => coalesce(p_meta ->> 'actor', app.claim_subject()),
    p_request_id => coalesce(p_meta ->> 'request_id', app.claim_request_id()));
  return v_new;
end
$$;

comment on function identity.record_client(text, jsonb, text, jsonb) is 'Returns the document as it is now.';
grant execute on function identity.record_client(text, jsonb, text, jsonb) to scoville_definer;
