-- One page of returns, the latest first. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_returns(
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
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'returns', p_values => 1) ->> 1);
  v_status text := p_filters ->> 'status';
  v_channel text := p_filters ->> 'channel';
  v_warehouse text := p_filters ->> 'warehouse';
  v_order_id bigint := orders.find_order(p_region_id, p_filters ->> 'order');
  v_ids bigint[];
begin
  select coalesce(array_agg(s.return_id order by s.return_id desc), '{}') into v_ids
    from (select r.return_id
            from orders.returns r
           where r.region_id = p_region_id
             and (v_before is null or r.return_id < v_before)
             and (v_status is null or r.status = v_status)
             and (v_channel is null or r.channel_id = v_channel)
             and (v_warehouse is null or r.warehouse_id = v_warehouse)
             and (p_filters ->> 'order' is null or r.order_id = v_order_id)
           order by r.return_id desc
           limit p_limit + 1) s;
  next_cursor := case when cardinality(v_ids) > p_limit then app.encode_cursor(jsonb_build_array('returns', v_ids[p_limit]::text)) end;
  return query
    select json_build_object('data', coalesce(json_agg(d.document order by d.return_id desc), '[]'),
             'next_cursor', list_returns.next_cursor), list_returns.next_cursor
      from orders.return_documents(p_region_id, v_ids[:p_limit]) d;
end
$$;

comment on function api.list_returns(smallint, jsonb, text, integer) is
  'Returns, the latest first. Filters: status, channel, warehouse, order (its ID, or the external_id of the channel).
Errors: VA001';
grant execute on function api.list_returns(smallint, jsonb, text, integer) to admin, warehouse, sales, integration;
