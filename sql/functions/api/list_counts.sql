-- One page of counts, the latest first. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_counts(
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
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'counts', p_values => 1) ->> 1);
  v_status text := p_filters ->> 'status';
  v_warehouse text := p_filters ->> 'warehouse';
  v_ids bigint[];
begin
  select coalesce(array_agg(s.count_id order by s.count_id desc), '{}') into v_ids
    from (select c.count_id
            from stock.counts c
           where c.region_id = p_region_id
             and (v_before is null or c.count_id < v_before)
             and (v_status is null or c.status = v_status)
             and (v_warehouse is null or c.warehouse_id = v_warehouse)
           order by c.count_id desc
           limit p_limit + 1) s;
  next_cursor := case when cardinality(v_ids) > p_limit
                      then app.encode_cursor(jsonb_build_array('counts', v_ids[p_limit]::text)) end;
  return query
    select json_build_object('data', coalesce(json_agg(d.document order by d.count_id desc), '[]'),
             'next_cursor', list_counts.next_cursor), list_counts.next_cursor
      from stock.count_documents(p_region_id, v_ids[:p_limit]) d;
end
$$;

comment on function api.list_counts(smallint, jsonb, text, integer) is
  'Counts, the latest first. Filters: status, warehouse.
Errors: VA001';
grant execute on function api.list_counts(smallint, jsonb, text, integer) to admin, warehouse;
