-- SKUs with their stock as documents, as the caller may see them. For an integration "stock" is the available units, and the other
-- quantities are left out. They are also left out for a SKU that never had stock.
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
  select k.sku_id, json_strip_nulls(app.join_json(
           app.join_json(
             json_build_object(
               'sku_id', k.sku_id, 'name', k.name, 'description', k.description, 'size_ml', k.size_ml,
               'flavor_profile', k.flavor_profile, 'price', k.price, 'currency', k.currency,
               'reorder_point', k.reorder_point, 'attributes', k.attributes, 'active', k.active),
             stock.counters_document(coalesce(t.counters, stock.new_counters()),
               t.counters is null or app.claim_role() = 'integration')),
           json_build_object(
             'low_stock', coalesce(stock.available_of(t.counters), 0) <= k.reorder_point,
             'warehouses', coalesce(t.warehouses, '[]'), 'batches', p_lots,
             'updated_at', app.rfc3339(greatest(t.updated_at, k.updated_at)))))
    from catalog.skus k
    left join (
      select l.sku_id, stock.sum_counters(array_agg(l.counters)) as counters, max(l.updated_at) as updated_at,
             json_agg(app.join_json(
               app.join_json(json_build_object('warehouse_location', l.warehouse_id),
                 stock.counters_document(l.counters, app.claim_role() = 'integration')),
               json_build_object('version', l.version)) order by l.warehouse_id) as warehouses
        from stock.read_levels(p_region_id => p_region_id, p_sku_ids => p_sku_ids,
               p_warehouse_ids => case when p_warehouse_id is not null then array[p_warehouse_id] end) l
       group by l.sku_id) t on t.sku_id = k.sku_id
   where k.sku_id = any (p_sku_ids);
$$;

grant execute on function stock.inventory_documents(smallint, text[], text, json) to admin, warehouse, sales, integration;
