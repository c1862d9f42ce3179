create or replace function api.get_inventory(
  p_region_id smallint,
  p_sku_id text,
  p_filters jsonb default '{}'
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_channel text := p_filters ->> 'channel';
  v_lots json;
begin
  perform app.raise_refusal(catalog.refuse_channel(p_region_id, v_channel));
  if app.claim_role() <> 'integration' then
    v_lots := stock.sku_lots(p_region_id, p_sku_id);
  end if;
  return query
    select d.document, stock.sku_etag(p_region_id => p_region_id, p_sku_id => p_sku_id,
             p_is_low => (d.document ->> 'low_stock')::boolean)
      from stock.inventory_documents(p_region_id => p_region_id, p_sku_ids => array[p_sku_id], p_warehouse_id => null,
             p_channel_id => v_channel, p_lots => v_lots) d;
  if not found then
    raise exception using errcode = 'ST010', message = 'sku not found',
      detail = json_build_object('detail', format(
        'SKU %s does not exist.%s GET /v1/inventory lists the existing SKUs.', p_sku_id, catalog.suggest_sku(p_sku_id)))::text;
  end if;
end
$$;

comment on function api.get_inventory(smallint, text, jsonb) is
  'A SKU with its stock by warehouse and lot, and its version (ETag), which changes with every change of its stock and of the '
  'warehouses that serve a channel. Filters: channel (only what it can sell).
Errors: OR008 ST010';
grant execute on function api.get_inventory(smallint, text, jsonb) to admin, warehouse, sales, integration;
