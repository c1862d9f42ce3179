-- A page of bi.inventory_turnover, of the rows that the caller may see. Filters that are absent are null and fall away; the
-- plan is made for the values.
create or replace function api.list_turnover(
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
  v_position jsonb := app.decode_cursor(p_cursor, 'turnover', 4);
  v_after_1 bigint := app.cursor_number(v_position ->> 1);
  v_after_2 bigint := app.cursor_number(v_position ->> 2);
  v_after_3 text := v_position ->> 3;
  v_after_4 text := v_position ->> 4;
  v_month date := date_trunc('month', (p_filters ->> 'month')::timestamp)::date;
  v_rows json[];
  v_last jsonb;
begin
  select array_agg(s.document order by s.nth), (array_agg(s.place order by s.nth))[p_limit]
    into v_rows, v_last
    from (select r.document, jsonb_build_array('turnover', r.k1::text, r.k2::text, r.k3::text, r.k4::text) as place,
                 row_number() over (order by r.k1, r.k2, r.k3, r.k4) as nth
            from (select (100000 - (a.month_on - date '2000-01-01'))::bigint as k1,
                         (1000000000000 - a.units_shipped)::bigint as k2,
                         a.warehouse_id as k3,
                         a.sku_id as k4,
                         json_build_object(
                         'month', a.month_on, 'warehouse_location', a.warehouse_id, 'sku_id', a.sku_id, 'name', a.sku_name,
                         'days', a.days, 'units_shipped', a.units_shipped, 'average_on_hand', a.average_on_hand,
                         'turnover', a.turnover, 'turnover_annualized', a.turnover_annualized) as document
                    from bi.inventory_turnover a
                   where a.region_id = p_region_id
                     and (v_month is null or a.month_on = v_month)
                     and (p_filters ->> 'sku_id' is null or a.sku_id = p_filters ->> 'sku_id')
                     and (p_filters ->> 'warehouse' is null or a.warehouse_id = p_filters ->> 'warehouse')) r
           where v_after_1 is null or (r.k1, r.k2, r.k3, r.k4) > (v_after_1, v_after_2, v_after_3, v_after_4)
           order by r.k1, r.k2, r.k3, r.k4
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit, v_rows, v_last) p;
end
$$;

comment on function api.list_turnover(smallint, jsonb, text, integer) is
  'How often the stock of each SKU and warehouse was shipped in a month: the latest month first, in it what was shipped '
  'most. Filters: month (any day of it), sku_id, warehouse.
Errors: VA001';
grant execute on function api.list_turnover(smallint, jsonb, text, integer) to admin, warehouse;
