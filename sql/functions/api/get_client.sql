create or replace function api.get_client(
  p_client_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_document jsonb := identity.client_document(p_client_id);
begin
  if v_document is null then
    perform app.raise_refusal(identity.missing(p_client_id));
  end if;
  return query select v_document::json, v_document ->> 'version';
end
$$;

comment on function api.get_client(text) is 'An API client, without its secrets; its version is the ETag.';
grant execute on function api.get_client(text) to admin;
