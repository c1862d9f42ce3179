create or replace function api.get_sku(
  p_sku_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query select catalog.sku_document(t), t.version::text from catalog.skus t where t.sku_id = p_sku_id;
  if not found then
    perform app.raise_refusal(catalog.missing('skus', p_sku_id));
  end if;
end
$$;

comment on function api.get_sku(text) is 'A SKU of the catalog; its version is the ETag.
Errors: ST010';
grant execute on function api.get_sku(text) to admin, warehouse, sales, integration;
