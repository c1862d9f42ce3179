create or replace function api.get_supplier(
  p_supplier_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query select supply.supplier_document(t), t.version::text from supply.suppliers t where t.supplier_id = p_supplier_id;
  if not found then
    perform app.raise_refusal(catalog.missing('suppliers', p_supplier_id));
  end if;
end
$$;

comment on function api.get_supplier(text) is 'A supplier; its version is the ETag.
Errors: SK001';
grant execute on function api.get_supplier(text) to admin, warehouse;
