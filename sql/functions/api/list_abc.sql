-- A page of bi.abc_xyz, of the rows that the caller may see. Filters that are absent are null and fall away; the plan is made for
-- the values.
create or replace function api.list_abc(
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
  v_position jsonb := app.decode_cursor(p_cursor, 'abc', 3);
  v_after_1 bigint := app.cursor_number(v_position ->> 1);
  v_after_2 text := v_position ->> 2;
  v_after_3 text := v_position ->> 3;
  v_rows json[];
  v_last jsonb;
begin
  select array_agg(s.document order by s.nth), (array_agg(s.place order by s.nth))[p_limit]
    into v_rows, v_last
    from (select r.document, jsonb_build_array('abc', r.k1::text, r.k2::text, r.k3::text) as place,
                 row_number() over (order by r.k1, r.k2, r.k3) as nth
            from (select (1000000000000000 - a.revenue * 100)::bigint as k1,
                         a.currency as k2,
                         a.sku_id as k3,
                         json_build_object(
                         'sku_id', a.sku_id, 'name', a.sku_name, 'currency', a.currency, 'units', a.units,
                         'revenue', a.revenue, 'revenue_share', a.revenue_share, 'cumulative_share', a.cumulative_share,
                         'abc', a.abc, 'units_per_week', a.units_per_week, 'variation', a.variation, 'xyz', a.xyz) as document
                    from bi.abc_xyz a
                   where a.region_id = p_region_id
                     and (p_filters ->> 'abc' is null or a.abc = p_filters ->> 'abc')
                     and (p_filters ->> 'xyz' is null or a.xyz = p_filters ->> 'xyz')
                     and (p_filters ->> 'sku_id' is null or a.sku_id = p_filters ->> 'sku_id')) r
           where v_after_1 is null or (r.k1, r.k2, r.k3) > (v_after_1, v_after_2, v_after_3)
           order by r.k1, r.k2, r.k3
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit, v_rows, v_last) p;
end
$$;

comment on function api.list_abc(smallint, jsonb, text, integer) is
  'SKUs by their share of the revenue of the last 91 days (A, B, C), and by how evenly they sell (X, Y, Z); what brings most '
  'comes first. Filters: abc, xyz, sku_id.
Errors: VA001';
grant execute on function api.list_abc(smallint, jsonb, text, integer) to admin;
