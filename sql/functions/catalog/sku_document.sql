-- A SKU of the catalog as JSON.
create or replace function catalog.sku_document(
  p_sku catalog.skus
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object(
           'sku_id', p_sku.sku_id, 'name', p_sku.name, 'description', p_sku.description, 'size_ml', p_sku.size_ml,
           'flavor_profile', p_sku.flavor_profile, 'price', p_sku.price, 'currency', p_sku.currency,
           'reorder_point', p_sku.reorder_point, 'attributes', p_sku.attributes, 'components', p_sku.components,
           'packagings', catalog.sku_packagings(p_sku.sku_id), 'active', p_sku.active, 'version', p_sku.version, 'created_at', app.rfc3339(p_sku.created_at), 'updated_at', app.rfc3339(p_sku.updated_at));
$$;

grant execute on function catalog.sku_document(catalog.skus) to scoville_definer, admin, warehouse, sales, integration;
