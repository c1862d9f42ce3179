create or replace function api.get_inventory(
  p_region_id smallint,
  p_sku_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_lots json;
begin
  if app.claim_role() <> 'integration' then
    v_lots := stock.sku_lots(p_region_id, p_sku_id);
  end if;
  return query
    select d.document, stock.sku_etag(p_region_id, p_sku_id)
      from stock.inventory_documents(p_region_id => p_region_id, p_sku_ids => array[p_sku_id], p_warehouse_id => null,
             p_lots => v_lots) d;
  if not found then
    raise exception using errcode = 'ST010', message = 'sku not found',
      detail = json_build_object('detail', format(
        'SKU %s does not exist.%s GET /v1/inventory lists the existing SKUs.', p_sku_id, catalog.suggest_sku(p_sku_id)))::text;
  end if;
end
$$;

comment on function api.get_inventory(smallint, text) is
  'A SKU with its stock by warehouse and lot, and its version (ETag), which changes with every change of its stock.
Errors: ST010';
grant execute on function api.get_inventory(smallint, text) to admin, warehouse, sales, integration;
