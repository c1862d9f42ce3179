-- One page of a SKU's lots in order of expiry; lots that never expire come last. Absent filters are null and drop out, because the
-- plan is made for the values.
create or replace function api.list_batches(
  p_region_id smallint,
  p_sku_id text,
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
  v_position jsonb := app.decode_cursor(p_cursor => p_cursor, p_list => 'batches', p_values => 2);
  v_after_on date := date '0001-01-01' + app.cursor_number(v_position ->> 1)::integer;
  v_after_id bigint := app.cursor_number(v_position ->> 2);
  v_status text := p_filters ->> 'status';
  v_warehouse text := p_filters ->> 'warehouse';
  v_in_stock boolean := coalesce((p_filters ->> 'in_stock')::boolean, v_warehouse is not null);
  v_own text[] := catalog.own_warehouses(p_region_id);
  v_ids bigint[];
  v_on date;
begin
  if not exists (select from catalog.skus k where k.sku_id = p_sku_id) then
    raise exception using errcode = 'ST010', message = 'sku not found',
      detail = json_build_object('detail', format('SKU %s does not exist.%s', p_sku_id, catalog.suggest_sku(p_sku_id)))::text;
  end if;
  select coalesce(array_agg(s.lot_id order by s.expires_on, s.lot_id), '{}'),
         min(s.expires_on) filter (where s.nth = p_limit)
    into v_ids, v_on
    from (select t.lot_id, d.expires_on, row_number() over (order by d.expires_on, t.lot_id) as nth
            from stock.lots t
           cross join lateral (select coalesce(t.expiration_date, date '9999-12-31')) d (expires_on)
           where t.region_id = p_region_id and t.sku_id = p_sku_id
             and (v_after_id is null or (d.expires_on, t.lot_id) > (v_after_on, v_after_id))
             and (v_status is null or v_status = (
               select stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date, p_today => b.today)
                 from stock.lot_days(p_region_id, array[t.lot_id]) b))
             and (not v_in_stock or exists (
               select from stock.lot_levels l
                where l.region_id = p_region_id and l.lot_id = t.lot_id and l.on_hand > 0
                  and (v_own is null or l.warehouse_id = any (v_own))
                  and (v_warehouse is null or l.warehouse_id = v_warehouse)))
           order by d.expires_on, t.lot_id
           limit p_limit + 1) s;
  next_cursor := case when cardinality(v_ids) > p_limit
                      then app.encode_cursor(jsonb_build_array('batches', (v_on - date '0001-01-01')::text,
                             v_ids[p_limit]::text)) end;
  return query
    select json_build_object('data', coalesce(json_agg(d.document
             order by array_position(v_ids, d.lot_id)), '[]'), 'next_cursor', list_batches.next_cursor),
           list_batches.next_cursor
      from stock.lot_documents(p_region_id, v_ids[:p_limit]) d;
end
$$;

comment on function api.list_batches(smallint, text, jsonb, text, integer) is
  'The lots of a SKU in order of expiry, with their units by warehouse. Filters: status, warehouse, in_stock.
Errors: ST010 VA001';
grant execute on function api.list_batches(smallint, text, jsonb, text, integer) to admin, warehouse, sales;
