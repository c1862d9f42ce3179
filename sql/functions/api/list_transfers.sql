-- One page of transfers, the latest first. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_transfers(
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
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'transfers', p_values => 1) ->> 1);
  v_open boolean := (p_filters ->> 'open')::boolean;
  v_status text := p_filters ->> 'status';
  v_warehouse text := p_filters ->> 'warehouse';
  v_sku text := p_filters ->> 'sku';
  v_ids bigint[];
begin
  select coalesce(array_agg(s.transfer_id order by s.transfer_id desc), '{}') into v_ids
    from (select f.transfer_id
            from supply.transfers f
           where f.region_id = p_region_id
             and (v_before is null or f.transfer_id < v_before)
             and (v_open is null or (f.ended_at is null) = v_open)
             and (v_status is null or f.status = v_status)
             and (v_warehouse is null or f.from_warehouse_id = v_warehouse or f.to_warehouse_id = v_warehouse)
             and (v_sku is null or f.transfer_id in (
               select l.transfer_id from supply.transfer_lines l where l.region_id = p_region_id and l.sku_id = v_sku))
           order by f.transfer_id desc
           limit p_limit + 1) s;
  next_cursor := case when cardinality(v_ids) > p_limit
                      then app.encode_cursor(jsonb_build_array('transfers', v_ids[p_limit]::text)) end;
  return query
    select json_build_object('data', coalesce(json_agg(d.document order by d.transfer_id desc), '[]'),
             'next_cursor', list_transfers.next_cursor), list_transfers.next_cursor
      from supply.transfer_documents(p_region_id, v_ids[:p_limit]) d;
end
$$;

comment on function api.list_transfers(smallint, jsonb, text, integer) is
  'Transfers, the latest first, with the sums of their units. Filters: status, open (true: neither received nor canceled), warehouse (one of the two), '
  'sku.
Errors: VA001';
grant execute on function api.list_transfers(smallint, jsonb, text, integer) to admin, warehouse;
