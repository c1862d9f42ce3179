-- The packagings of a SKU in its document, the smallest first. Retired ones are left out.
create or replace function catalog.sku_packagings(
  p_sku_id text
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(json_agg(json_build_object('packaging_id', p.packaging_id, 'name', p.name, 'units', p.units, 'gtin', p.gtin,
           'weight_g', p.weight_g) order by p.units, p.packaging_id), '[]')
    from catalog.packagings p
   where p.sku_id = p_sku_id and p.active;
$$;

grant execute on function catalog.sku_packagings(text) to scoville_definer, admin, warehouse, sales, integration;
