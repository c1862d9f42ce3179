-- One page of regions: for an admin all, for others their own.
create or replace function api.list_regions(
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
  v_after bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'regions', p_values => 1) ->> 1);
  v_q text := p_filters ->> 'q';
begin
  return query select p.body, p.next_cursor from app.page(p_list => 'regions', p_key => 'region_id', p_limit => p_limit,
    p_documents => array(
      select catalog.region_document(t)
        from catalog.regions t
       where (v_after is null or t.region_id > v_after)
         and (v_q is null or app.matches(v_q, t.region_id || ' ' || t.name))
       order by t.region_id
       limit p_limit + 1)) p;
end
$$;

comment on function api.list_regions(jsonb, text, integer) is
  'Regions by ID. Filters: q (words in ID or name).
Errors: VA001';
grant execute on function api.list_regions(jsonb, text, integer) to admin, warehouse, sales, integration;
