-- One page of reservations, the latest first. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_reservations(
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
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'reservations', p_values => 1) ->> 1);
  v_now timestamptz := app.now();
  v_status text := p_filters ->> 'status';
  v_channel text := p_filters ->> 'channel';
  v_sku text := p_filters ->> 'sku';
  v_ids bigint[];
begin
  select coalesce(array_agg(s.reservation_id order by s.reservation_id desc), '{}') into v_ids
    from (select r.reservation_id
            from stock.reservations r
           where r.region_id = p_region_id
             and (v_before is null or r.reservation_id < v_before)
             and (v_channel is null or r.channel_id = v_channel)
             and (v_status is null or stock.reservation_status(p_status => r.status, p_expires_at => r.expires_at, p_now => v_now)
               = v_status)
             and (v_sku is null or r.reservation_id in (
               select l.reservation_id from stock.reservation_lines l where l.region_id = p_region_id and l.sku_id = v_sku))
           order by r.reservation_id desc
           limit p_limit + 1) s;
  next_cursor := case when cardinality(v_ids) > p_limit
                      then app.encode_cursor(jsonb_build_array('reservations', v_ids[p_limit]::text)) end;
  return query
    select json_build_object('data', coalesce(json_agg(d.document order by d.reservation_id desc), '[]'),
             'next_cursor', list_reservations.next_cursor), list_reservations.next_cursor
      from stock.reservation_documents(p_region_id, v_ids[:p_limit]) d;
end
$$;

comment on function api.list_reservations(smallint, jsonb, text, integer) is
  'Reservations, the latest first. Filters: status (active, committed, released, expired), sku, channel.
Errors: VA001';
grant execute on function api.list_reservations(smallint, jsonb, text, integer) to admin, sales, integration;
