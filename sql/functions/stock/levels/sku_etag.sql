-- The version of a SKU as its caller sees it: it changes with the SKU and with every change of a level.
create or replace function stock.sku_etag(
  p_region_id smallint,
  p_sku_id text
)
  returns text
  language sql
  stable
  set search_path = ''
as $$
  select k.version || '.' || coalesce((
           select sum(l.version) from stock.stock_levels l where l.region_id = p_region_id and l.sku_id = p_sku_id), 0)
    from catalog.skus k
   where k.sku_id = p_sku_id;
$$;

grant execute on function stock.sku_etag(smallint, text) to scoville_definer, admin, warehouse, sales, integration;
