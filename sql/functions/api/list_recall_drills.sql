-- One page of drills, the latest first.
create or replace function api.list_recall_drills(
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
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'recall_drills', p_values => 1) ->> 1);
  v_rows json[];
  v_last jsonb;
begin
  select array_agg(stock.drill_document(s) order by s.drill_id desc),
         (array_agg(jsonb_build_array('recall_drills', s.drill_id::text) order by s.drill_id desc))[p_limit]
    into v_rows, v_last
    from (select d.*
            from stock.recall_drills d
           where d.region_id = p_region_id and (v_before is null or d.drill_id < v_before)
             and (p_filters ->> 'actor' is null or d.changed_by = p_filters ->> 'actor')
           order by d.drill_id desc
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit => p_limit, p_documents => v_rows, p_last => v_last) p;
end
$$;

comment on function api.list_recall_drills(smallint, jsonb, text, integer) is
  'Recall drills, the latest first: what a recall would have found, its digest and its seconds. Filters: actor.
Errors: VA001';
grant execute on function api.list_recall_drills(smallint, jsonb, text, integer) to admin;
