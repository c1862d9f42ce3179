create or replace function api.get_packaging(
  p_packaging_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query select catalog.packaging_document(t), t.version::text from catalog.packagings t where t.packaging_id = p_packaging_id;
  if not found then
    perform app.raise_refusal(catalog.missing('packagings', p_packaging_id));
  end if;
end
$$;

comment on function api.get_packaging(text) is 'A packaging; its version is the ETag.
Errors: SK001';
grant execute on function api.get_packaging(text) to admin, warehouse, sales, integration;
