create or replace function api.get_reason_code(
  p_reason_code text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query select catalog.reason_code_document(t), t.version::text from catalog.reason_codes t where t.reason_code = p_reason_code;
  if not found then
    perform app.raise_refusal(catalog.missing('reason-codes', p_reason_code));
  end if;
end
$$;

comment on function api.get_reason_code(text) is 'A reason code; its version is the ETag.';
grant execute on function api.get_reason_code(text) to admin, warehouse, sales, integration;
