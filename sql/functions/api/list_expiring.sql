-- A page of bi.expiring_lots, of the rows that the caller may see. Filters that are absent are null and fall away; the
-- plan is made for the values.
create or replace function api.list_expiring(
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
  v_position jsonb := app.decode_cursor(p_cursor, 'expiring', 3);
  v_after_1 bigint := app.cursor_number(v_position ->> 1);
  v_after_2 text := v_position ->> 2;
  v_after_3 bigint := app.cursor_number(v_position ->> 3);
  v_rows json[];
  v_last jsonb;
begin
  select array_agg(s.document order by s.nth), (array_agg(s.place order by s.nth))[p_limit]
    into v_rows, v_last
    from (select r.document, jsonb_build_array('expiring', r.k1::text, r.k2::text, r.k3::text) as place,
                 row_number() over (order by r.k1, r.k2, r.k3) as nth
            from (select (a.expiration_date - date '0001-01-01')::bigint as k1,
                         a.warehouse_id as k2,
                         (a.batch_id)::bigint as k3,
                         json_build_object(
                         'warehouse_location', a.warehouse_id, 'sku_id', a.sku_id, 'name', a.sku_name,
                         'batch_number', a.batch_number, 'status', a.batch_status, 'expiration_date', a.expiration_date,
                         'days_left', a.days_left, 'stock', a.on_hand, 'value', a.value, 'currency', a.currency) as document
                    from bi.expiring_lots a
                   where a.region_id = p_region_id
                     and (p_filters ->> 'within_days' is null or a.days_left <= (p_filters ->> 'within_days')::integer)
                     and (p_filters ->> 'sku_id' is null or a.sku_id = p_filters ->> 'sku_id')
                     and (p_filters ->> 'warehouse' is null or a.warehouse_id = p_filters ->> 'warehouse')) r
           where v_after_1 is null or (r.k1, r.k2, r.k3) > (v_after_1, v_after_2, v_after_3)
           order by r.k1, r.k2, r.k3
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit, v_rows, v_last) p;
end
$$;

comment on function api.list_expiring(smallint, jsonb, text, integer) is
  'Batches that lie there and whose last day of sale has passed or comes within 90 days, the first to expire first. '
  'Filters: within_days (from today), sku_id, warehouse.
Errors: VA001';
grant execute on function api.list_expiring(smallint, jsonb, text, integer) to admin, warehouse, sales;
