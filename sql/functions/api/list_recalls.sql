-- One page of recalls, the latest first. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_recalls(
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
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'recalls', p_values => 1) ->> 1);
  v_status text := p_filters ->> 'status';
  v_sku text := p_filters ->> 'sku';
  v_ids bigint[];
begin
  select coalesce(array_agg(s.recall_id order by s.recall_id desc), '{}') into v_ids
    from (select r.recall_id
            from stock.recalls r
           where r.region_id = p_region_id
             and (v_before is null or r.recall_id < v_before)
             and (v_status is null or r.status = v_status)
             and (v_sku is null or r.recall_id in (
               select l.recall_id from stock.recall_lots l where l.region_id = p_region_id and l.sku_id = v_sku))
           order by r.recall_id desc
           limit p_limit + 1) s;
  next_cursor := case when cardinality(v_ids) > p_limit then app.encode_cursor(jsonb_build_array('recalls', v_ids[p_limit]::text)) end;
  return query
    select json_build_object('data', coalesce(json_agg(d.document order by d.recall_id desc), '[]'),
             'next_cursor', list_recalls.next_cursor), list_recalls.next_cursor
      from stock.recall_documents(p_region_id, v_ids[:p_limit]) d;
end
$$;

comment on function api.list_recalls(smallint, jsonb, text, integer) is
  'Recalls, the latest first. Filters: status (open, closed), sku.
Errors: VA001';
grant execute on function api.list_recalls(smallint, jsonb, text, integer) to admin, warehouse, sales;
