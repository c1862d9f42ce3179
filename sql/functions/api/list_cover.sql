-- A page of bi.days_of_cover, of the rows that the caller may see. Filters that are absent are null and fall away; the plan is made
-- for the values.
create or replace function api.list_cover(
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
  v_position jsonb := app.decode_cursor(p_cursor, 'cover', 3);
  v_after_1 bigint := app.cursor_number(v_position ->> 1);
  v_after_2 text := v_position ->> 2;
  v_after_3 text := v_position ->> 3;
  v_rows json[];
  v_last jsonb;
begin
  select array_agg(s.document order by s.nth), (array_agg(s.place order by s.nth))[p_limit]
    into v_rows, v_last
    from (select r.document, jsonb_build_array('cover', r.k1::text, r.k2::text, r.k3::text) as place,
                 row_number() over (order by r.k1, r.k2, r.k3) as nth
            from (select coalesce(a.days_of_cover * 10, 1000000000000)::bigint as k1,
                         a.warehouse_id as k2,
                         a.sku_id as k3,
                         json_build_object(
                         'warehouse_location', a.warehouse_id, 'sku_id', a.sku_id, 'name', a.sku_name, 'available', a.available,
                         'days', a.days, 'units_shipped', a.units_shipped, 'units_per_day', a.units_per_day,
                         'days_of_cover', a.days_of_cover) as document
                    from bi.days_of_cover a
                   where a.region_id = p_region_id
                     and (p_filters ->> 'sku_id' is null or a.sku_id = p_filters ->> 'sku_id')
                     and (p_filters ->> 'warehouse' is null or a.warehouse_id = p_filters ->> 'warehouse')) r
           where v_after_1 is null or (r.k1, r.k2, r.k3) > (v_after_1, v_after_2, v_after_3)
           order by r.k1, r.k2, r.k3
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit, v_rows, v_last) p;
end
$$;

comment on function api.list_cover(smallint, jsonb, text, integer) is
  'How long what is available lasts at the pace of the last 28 days: what is gone first comes first, what does not sell '
  'last. Filters: sku_id, warehouse.
Errors: VA001';
grant execute on function api.list_cover(smallint, jsonb, text, integer) to admin, warehouse;
