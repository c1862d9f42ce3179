-- A page of bi.order_patterns, its channels and months summed up, of the rows that the caller may see. Filters that are absent are
-- null and fall away; the plan is made for the values.
create or replace function api.list_patterns(
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
  v_position jsonb := app.decode_cursor(p_cursor, 'patterns', 2);
  v_after_1 bigint := app.cursor_number(v_position ->> 1);
  v_after_2 bigint := app.cursor_number(v_position ->> 2);
  v_month date := date_trunc('month', (p_filters ->> 'month')::timestamp)::date;
  v_rows json[];
  v_last jsonb;
begin
  select array_agg(s.document order by s.nth), (array_agg(s.place order by s.nth))[p_limit]
    into v_rows, v_last
    from (select r.document, jsonb_build_array('patterns', r.k1::text, r.k2::text) as place,
                 row_number() over (order by r.k1, r.k2) as nth
            from (select a.iso_weekday::bigint as k1,
                         a.hour_of_day::bigint as k2,
                         json_build_object(
                         'iso_weekday', a.iso_weekday, 'hour_of_day', a.hour_of_day, 'orders', sum(a.orders)::bigint,
                         'units', sum(a.units)::bigint) as document
                    from bi.order_patterns a
                   where a.region_id = p_region_id
                     and (v_month is null or a.month_on = v_month)
                     and (p_filters ->> 'channel' is null or a.channel_id = p_filters ->> 'channel')
                   group by a.iso_weekday, a.hour_of_day) r
           where v_after_1 is null or (r.k1, r.k2) > (v_after_1, v_after_2)
           order by r.k1, r.k2
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit, v_rows, v_last) p;
end
$$;

comment on function api.list_patterns(smallint, jsonb, text, integer) is
  'Orders by weekday and hour (of UTC) in which they were placed. Filters: month (any day of it), channel.
Errors: VA001';
grant execute on function api.list_patterns(smallint, jsonb, text, integer) to admin;
