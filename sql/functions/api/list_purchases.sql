-- One page of purchases, the latest first. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_purchases(
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
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'purchases', p_values => 1) ->> 1);
  v_status text := p_filters ->> 'status';
  v_supplier text := p_filters ->> 'supplier';
  v_warehouse text := p_filters ->> 'warehouse';
  v_sku text := p_filters ->> 'sku';
  v_overdue boolean := (p_filters ->> 'overdue')::boolean;
  v_today date := app.today(p_region_id);
  v_ids bigint[];
begin
  select coalesce(array_agg(s.purchase_id order by s.purchase_id desc), '{}') into v_ids
    from (select p.purchase_id
            from supply.purchases p
           where p.region_id = p_region_id
             and (v_before is null or p.purchase_id < v_before)
             and (v_status is null or p.status = v_status)
             and (v_supplier is null or p.supplier_id = v_supplier)
             and (v_warehouse is null or p.warehouse_id = v_warehouse)
             and (v_sku is null or exists (
               select from supply.purchase_lines l
                where l.region_id = p_region_id and l.purchase_id = p.purchase_id and l.sku_id = v_sku))
             and (v_overdue is null or v_overdue = exists (
               select from supply.purchase_lines l
                where l.region_id = p_region_id and l.purchase_id = p.purchase_id and l.is_ordered and l.open_quantity > 0
                  and coalesce(l.expected_on, p.expected_on) < v_today))
           order by p.purchase_id desc
           limit p_limit + 1) s;
  next_cursor := case when cardinality(v_ids) > p_limit
                      then app.encode_cursor(jsonb_build_array('purchases', v_ids[p_limit]::text)) end;
  return query
    select json_build_object('data', coalesce(json_agg(d.document order by d.purchase_id desc), '[]'),
             'next_cursor', list_purchases.next_cursor), list_purchases.next_cursor
      from supply.purchase_documents(p_region_id, v_ids[:p_limit]) d;
end
$$;

comment on function api.list_purchases(smallint, jsonb, text, integer) is
  'Purchases, the latest first. Filters: status, supplier, warehouse, sku, overdue (true: units are open after the day on which they were expected).
Errors: VA001';
grant execute on function api.list_purchases(smallint, jsonb, text, integer) to admin, warehouse;
