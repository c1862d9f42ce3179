create or replace function api.get_warehouse(
  p_warehouse_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query select catalog.warehouse_document(t), t.version::text from catalog.warehouses t where t.warehouse_id = p_warehouse_id;
  if not found then
    perform app.raise_refusal(catalog.missing('warehouses', p_warehouse_id));
  end if;
end
$$;

comment on function api.get_warehouse(text) is 'A warehouse; its version is the ETag.';
grant execute on function api.get_warehouse(text) to admin, warehouse, sales, integration;
