-- SKUs with their stock as documents, as the caller may see them. For an integration "stock" is what is available and the
-- other quantities are left out.
create or replace function stock.inventory_documents(
  p_region_id smallint,
  p_sku_ids text[],
  p_warehouse_id text,
  p_lots json default null
)
  returns table (sku_id text, document json)
  language sql
  stable
  set search_path = ''
as $$
  select k.sku_id, json_strip_nulls(json_build_object(
           'sku_id', k.sku_id, 'name', k.name, 'description', k.description, 'size_ml', k.size_ml,
           'flavor_profile', k.flavor_profile, 'price', k.price, 'currency', k.currency,
           'reorder_point', k.reorder_point, 'attributes', k.attributes, 'active', k.active,
           'stock', coalesce(t.stock, 0), 'available', coalesce(t.available, 0), 'reserved', t.reserved,
           'committed', t.committed, 'unavailable', t.unavailable, 'safety_stock', t.safety_stock,
           'incoming', t.incoming, 'low_stock', coalesce(t.available, 0) <= k.reorder_point,
           'warehouses', coalesce(t.warehouses, '[]'), 'batches', p_lots,
           'updated_at', app.rfc3339(greatest(t.updated_at, k.updated_at))))
    from catalog.skus k
    left join (
      select l.sku_id, sum(l.stock) as stock, sum(l.available) as available, sum(l.reserved) as reserved,
             sum(l.committed) as committed, sum(l.unavailable) as unavailable, sum(l.safety_stock) as safety_stock,
             sum(l.incoming) as incoming, max(l.updated_at) as updated_at,
             json_agg(json_strip_nulls(json_build_object(
               'warehouse_location', l.warehouse_id, 'stock', l.stock, 'available', l.available, 'reserved', l.reserved,
               'committed', l.committed, 'unavailable', l.unavailable, 'safety_stock', l.safety_stock,
               'incoming', l.incoming, 'version', l.version)) order by l.warehouse_id) as warehouses
        from stock.read_levels(p_region_id, p_sku_ids, p_warehouse_id) l
       group by l.sku_id) t on t.sku_id = k.sku_id
   where k.sku_id = any (p_sku_ids);
$$;

grant execute on function stock.inventory_documents(smallint, text[], text, json) to admin, warehouse, sales, integration;
