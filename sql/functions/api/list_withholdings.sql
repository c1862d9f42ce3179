-- One page of withholdings, the latest first. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_withholdings(
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
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'withholdings', p_values => 1) ->> 1);
  v_open boolean := (p_filters ->> 'open')::boolean;
  v_warehouse text := p_filters ->> 'warehouse';
  v_sku text := p_filters ->> 'sku';
  v_cause text := p_filters ->> 'cause';
  v_ids bigint[];
begin
  select coalesce(array_agg(s.withholding_id order by s.withholding_id desc), '{}') into v_ids
    from (select w.withholding_id
            from stock.withholdings w
           where w.region_id = p_region_id
             and (v_before is null or w.withholding_id < v_before)
             and (v_open is null or (w.open_quantity > 0) = v_open)
             and (v_warehouse is null or w.warehouse_id = v_warehouse)
             and (v_sku is null or w.sku_id = v_sku)
             and (v_cause is null or w.cause = v_cause)
           order by w.withholding_id desc
           limit p_limit + 1) s;
  next_cursor := case when cardinality(v_ids) > p_limit
                      then app.encode_cursor(jsonb_build_array('withholdings', v_ids[p_limit]::text)) end;
  return query
    select json_build_object('data', coalesce(json_agg(d.document order by d.withholding_id desc), '[]'),
             'next_cursor', list_withholdings.next_cursor), list_withholdings.next_cursor
      from stock.withholding_documents(p_region_id, v_ids[:p_limit]) d;
end
$$;

comment on function api.list_withholdings(smallint, jsonb, text, integer) is
  'Units that were set aside, the latest first. Filters: open (true: something is still withheld), warehouse, sku, cause.
Errors: VA001';
grant execute on function api.list_withholdings(smallint, jsonb, text, integer) to admin, warehouse;
