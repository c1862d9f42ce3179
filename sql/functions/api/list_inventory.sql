-- One page of SKUs with their stock. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_inventory(
  p_region_id smallint,
  p_filters jsonb,
  p_cursor text,
  p_limit integer
)
  returns table (body json, next_cursor text)
  language plpgsql
  stable
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
declare
  v_after text := app.decode_cursor(p_cursor => p_cursor, p_list => 'inventory', p_values => 1) ->> 1;
  v_warehouse text := p_filters ->> 'warehouse';
  v_sku text := p_filters ->> 'sku_id';
  v_q text := p_filters ->> 'q';
  v_channel text := p_filters ->> 'channel';
  v_low boolean := (p_filters ->> 'low_stock')::boolean;
  v_count boolean := (p_filters ->> 'count_requested')::boolean;
  v_own text[] := catalog.own_warehouses(p_region_id);
  v_low_skus text[];
  v_expiring text[];
  v_ids text[];
begin
  perform app.raise_refusal(catalog.refuse_channel(p_region_id, v_channel));
  if v_low is not null then
    v_low_skus := stock.low_skus(p_region_id => p_region_id, p_sku_ids => array(select k.sku_id from catalog.skus k),
      p_channel_id => v_channel, p_warehouse_id => v_warehouse);
  end if;
  if p_filters ->> 'expiring_before' is not null then
    v_expiring := stock.expiring_skus(p_region_id => p_region_id, p_before => (p_filters ->> 'expiring_before')::date,
      p_warehouse_id => v_warehouse);
  end if;
  select coalesce(array_agg(s.sku_id order by s.sku_id), '{}') into v_ids
    from (select k.sku_id
            from catalog.skus k
           where (v_after is null or k.sku_id > v_after)
             and (v_sku is null or k.sku_id = v_sku)
             and (v_q is null or app.matches(v_q, k.sku_id || ' ' || k.name))
             and (v_expiring is null or k.sku_id = any (v_expiring))
             and (v_warehouse is null or (v_own is null or v_warehouse = any (v_own)) and exists (
               select from stock.stock_levels l
                where l.region_id = p_region_id and l.warehouse_id = v_warehouse and l.sku_id = k.sku_id))
             and (v_low is null or v_low = (k.sku_id = any (v_low_skus)))
             and (v_count is null or v_count = exists (
               select from stock.count_requests r
                where r.region_id = p_region_id and r.sku_id = k.sku_id and (v_warehouse is null or r.warehouse_id = v_warehouse)
                  and (v_own is null or r.warehouse_id = any (v_own))))
           order by k.sku_id
           limit p_limit + 1) s;
  next_cursor := case when cardinality(v_ids) > p_limit
                      then app.encode_cursor(jsonb_build_array('inventory', v_ids[p_limit])) end;
  return query
    select json_build_object('data', coalesce(json_agg(d.document order by d.sku_id), '[]'),
             'next_cursor', list_inventory.next_cursor), list_inventory.next_cursor
      from stock.inventory_documents(p_region_id => p_region_id, p_sku_ids => v_ids[:p_limit], p_warehouse_id => v_warehouse,
             p_channel_id => v_channel) d;
end
$$;

comment on function api.list_inventory(smallint, jsonb, text, integer) is
  'SKUs with their stock by warehouse. Filters: sku_id, warehouse, channel (only what it can sell), q (words in ID or name), '
  'low_stock, expiring_before, count_requested.
Errors: OR008 VA001';
grant execute on function api.list_inventory(smallint, jsonb, text, integer) to admin, warehouse, sales, integration;
