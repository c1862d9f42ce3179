-- SKUs with their stock as documents, as the caller may see them; only the levels of one warehouse, or of the warehouses that serve
-- one channel, if they are named. stock is what is there, available what can be sold: the available units of a warehouse that
-- serves no channel are unserved.
-- Of a bundle, which has no stock, available is what can be made of its components (stock.bundle_stock); it is never low, for they are.
-- For an integration "stock" is the available units, and the other quantities are left out. They are also left out for a SKU that
-- never had stock.
create or replace function stock.inventory_documents(
  p_region_id smallint,
  p_sku_ids text[],
  p_warehouse_id text,
  p_channel_id text default null,
  p_lots json default null
)
  returns table (sku_id text, document json)
  language sql
  stable
  set search_path = ''
as $$
  with serving as (
    select distinct s.warehouse_id
      from catalog.serving_warehouses() s
     where s.region_id = p_region_id and s.sells and (p_channel_id is null or s.channel_id = p_channel_id)
  ), low as materialized (  -- null: the levels that the caller reads here decide
    select case when app.claim_role() = 'warehouse' or p_warehouse_id is not null then
             stock.low_skus(p_region_id => p_region_id, p_sku_ids => p_sku_ids, p_channel_id => p_channel_id,
               p_warehouse_id => p_warehouse_id) end as sku_ids
  )
  select k.sku_id, json_strip_nulls(app.join_json(
           app.join_json(
             json_build_object(
               'sku_id', k.sku_id, 'name', k.name, 'description', k.description, 'size_ml', k.size_ml,
               'flavor_profile', k.flavor_profile, 'price', k.price, 'currency', k.currency,
               'reorder_point', k.reorder_point, 'attributes', k.attributes, 'active', k.active),
             case when b.made is not null
               then json_build_object('stock', case when app.claim_role() = 'integration' then b.made -> 'available' else '0' end,
                      'available', b.made -> 'available', 'components', b.made -> 'components')
               else stock.totals_document(p_counters => coalesce(t.counters, stock.new_counters()), p_unserved => coalesce(t.unserved, 0),
               p_available_only => t.counters is null or app.claim_role() = 'integration') end),
           json_build_object(
             'low_stock', b.made is null and coalesce(k.sku_id = any (low.sku_ids),
               coalesce(stock.available_of(t.counters) - t.unserved, 0) <= k.reorder_point),
             'warehouses', coalesce(t.warehouses, '[]'), 'batches', p_lots,
             'updated_at', app.rfc3339(greatest(t.updated_at, k.updated_at, (b.made ->> 'updated_at')::timestamptz)))))
    from catalog.skus k
   cross join low
   cross join lateral (
     select case when k.components <> '[]' then stock.bundle_stock(p_region_id => p_region_id, p_components => k.components, p_serving => array(
              select s.warehouse_id from serving s where p_warehouse_id is null or s.warehouse_id = p_warehouse_id)) end) b (made)
    left join (
      select l.sku_id, stock.sum_counters(array_agg(l.counters)) as counters, max(l.updated_at) as updated_at,
             coalesce(sum(stock.available_of(l.counters)) filter (where s.warehouse_id is null), 0)::bigint as unserved,
             json_agg(app.join_json(
               app.join_json(json_build_object('warehouse_location', l.warehouse_id),
                 stock.counters_document(l.counters, app.claim_role() = 'integration')),
               json_build_object(
                 'sellable', case when app.claim_role() <> 'integration' then s.warehouse_id is not null end,
                 'reorder_point', l.reorder_point, 'low_stock', stock.available_of(l.counters) <= l.reorder_point,
                 'version', l.version, 'count_requested_at', app.rfc3339(r.requested_at))) order by l.warehouse_id) as warehouses
        from stock.read_levels(p_region_id => p_region_id, p_sku_ids => p_sku_ids,
               p_warehouse_ids => case when p_warehouse_id is not null then array[p_warehouse_id] end) l
        left join serving s on s.warehouse_id = l.warehouse_id
        left join stock.count_requests r
          on r.region_id = p_region_id and r.warehouse_id = l.warehouse_id and r.sku_id = l.sku_id
       where p_channel_id is null or s.warehouse_id is not null
       group by l.sku_id) t on t.sku_id = k.sku_id
   where k.sku_id = any (p_sku_ids);
$$;

grant execute on function stock.inventory_documents(smallint, text[], text, text, json) to admin, warehouse, sales, integration;
