-- The version of a SKU as its caller sees it: it changes with the SKU, with every change of a level, and with every change of a
-- channel or warehouse, which may decide what can be sold. Staff do not see the levels of other warehouses, which decide whether
-- the SKU is low. That of a bundle changes with its components; its end tells caches (pyapp/cache/answers.py) so. p_is_low: whether it is, if the caller knows.
create or replace function stock.sku_etag(
  p_region_id smallint,
  p_sku_id text,
  p_is_low boolean default null
)
  returns text
  language sql
  stable
  set search_path = ''
as $$
  select k.version || '.' || coalesce((
           select sum(l.version) from stock.stock_levels l where l.region_id = p_region_id and l.sku_id = any (
             array[p_sku_id] || array(select c.value ->> 'sku_id' from jsonb_array_elements(k.components) c))), 0)
           || '.' || coalesce((select sum(c.version) from catalog.channels c where c.region_id = p_region_id), 0)
                   + coalesce((select sum(w.version) from catalog.warehouses w where w.region_id = p_region_id), 0)
           || case when app.claim_role() = 'warehouse' and coalesce(p_is_low, stock.low_skus(p_region_id, array[p_sku_id]) <> '{}')
                   then '.low' else '' end
           -- A count that finds what was there changes no level, and ends the request.
           || coalesce((select '.' || string_agg(r.warehouse_id, '.' order by r.warehouse_id)
                          from stock.count_requests r
                         where r.region_id = p_region_id and r.sku_id = p_sku_id), '')
           || case when k.components <> '[]' then '.bundle' else '' end
    from catalog.skus k
   where k.sku_id = p_sku_id;
$$;

grant execute on function stock.sku_etag(smallint, text, boolean) to scoville_definer, admin, warehouse, sales, integration;
