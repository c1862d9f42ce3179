-- Writes the audit row of a change to a client, from its document before (null: it is new) and now: no secret, no hash.
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
  perform audit.record(case when p_old is null then 'insert' else 'update' end, 'identity.clients', p_client_id, p_old, v_new,
    p_reason, coalesce(p_meta ->> 'actor', app.claim_subject()), coalesce(p_meta ->> 'request_id', app.claim_request_id()));
  return v_new;
end
$$;

comment on function identity.record_client(text, jsonb, text, jsonb) is 'Answers the document as it is now.';
grant execute on function identity.record_client(text, jsonb, text, jsonb) to scoville_definer;
