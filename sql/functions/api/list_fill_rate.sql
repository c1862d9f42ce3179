-- A page of bi.fill_rate, its SKUs summed up, of the rows that the caller may see. Filters that are absent are null and fall away;
-- the plan is made for the values.
create or replace function api.list_fill_rate(
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
  v_position jsonb := app.decode_cursor(p_cursor, 'fill-rate', 3);
  v_after_1 bigint := app.cursor_number(v_position ->> 1);
  v_after_2 text := v_position ->> 2;
  v_after_3 text := v_position ->> 3;
  v_month date := date_trunc('month', (p_filters ->> 'month')::timestamp)::date;
  v_rows json[];
  v_last jsonb;
begin
  select array_agg(s.document order by s.nth), (array_agg(s.place order by s.nth))[p_limit]
    into v_rows, v_last
    from (select r.document, jsonb_build_array('fill-rate', r.k1::text, r.k2::text, r.k3::text) as place,
                 row_number() over (order by r.k1, r.k2, r.k3) as nth
            from (select (100000 - (a.month_on - date '2000-01-01'))::bigint as k1,
                         a.channel_id as k2,
                         a.warehouse_id as k3,
                         json_build_object(
                         'month', a.month_on, 'channel', a.channel_id, 'warehouse_location', a.warehouse_id,
                         'units_ordered', sum(a.units_ordered)::bigint, 'units_shipped', sum(a.units_shipped)::bigint,
                         'units_withdrawn', sum(a.units_withdrawn)::bigint, 'units_open', sum(a.units_open)::bigint,
                         'fill_rate', (sum(a.units_shipped) / nullif(sum(a.units_ordered), 0))::numeric(12, 4)) as document
                    from bi.fill_rate a
                   where a.region_id = p_region_id
                     and (v_month is null or a.month_on = v_month)
                     and (p_filters ->> 'sku_id' is null or a.sku_id = p_filters ->> 'sku_id')
                     and (p_filters ->> 'channel' is null or a.channel_id = p_filters ->> 'channel')
                     and (p_filters ->> 'warehouse' is null or a.warehouse_id = p_filters ->> 'warehouse')
                   group by a.month_on, a.channel_id, a.warehouse_id) r
           where v_after_1 is null or (r.k1, r.k2, r.k3) > (v_after_1, v_after_2, v_after_3)
           order by r.k1, r.k2, r.k3
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit, v_rows, v_last) p;
end
$$;

comment on function api.list_fill_rate(smallint, jsonb, text, integer) is
  'Which share of the units promised to customers was shipped, by channel, warehouse and month in which the orders were '
  'placed, the latest first. Filters: month (any day of it), sku_id, channel, warehouse.
Errors: VA001';
grant execute on function api.list_fill_rate(smallint, jsonb, text, integer) to admin;
