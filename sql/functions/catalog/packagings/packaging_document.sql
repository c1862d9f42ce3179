-- A packaging as JSON.
create or replace function catalog.packaging_document(
  p_packaging catalog.packagings
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object(
           'packaging_id', p_packaging.packaging_id, 'sku_id', p_packaging.sku_id, 'name', p_packaging.name, 'units', p_packaging.units,
           'gtin', p_packaging.gtin, 'weight_g', p_packaging.weight_g, 'active', p_packaging.active, 'version', p_packaging.version,
           'created_at', app.rfc3339(p_packaging.created_at), 'updated_at', app.rfc3339(p_packaging.updated_at));
$$;

grant execute on function catalog.packaging_document(catalog.packagings) to scoville_definer, admin, warehouse, sales, integration;
