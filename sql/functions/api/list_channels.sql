-- One page of sales channels of a region. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_channels(
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
  v_after text := app.decode_cursor(p_cursor => p_cursor, p_list => 'channels', p_values => 1) ->> 1;
  v_q text := p_filters ->> 'q';
  v_active boolean := (p_filters ->> 'active')::boolean;
  v_kind text := p_filters ->> 'kind';
begin
  return query select p.body, p.next_cursor from app.page(p_list => 'channels', p_key => 'channel_id', p_limit => p_limit,
    p_documents => array(
      select catalog.channel_document(t)
        from catalog.channels t
       where t.region_id = p_region_id
         and (v_after is null or t.channel_id > v_after)
         and (v_q is null or app.matches(v_q, t.channel_id || ' ' || t.name))
         and (v_active is null or t.active = v_active)
         and (v_kind is null or t.kind = v_kind)
       order by t.channel_id
       limit p_limit + 1)) p;
end
$$;

comment on function api.list_channels(smallint, jsonb, text, integer) is
  'The sales channels of a region by ID. Filters: q (words in ID or name), kind, active.
Errors: VA001';
grant execute on function api.list_channels(smallint, jsonb, text, integer) to admin, warehouse, sales, integration;
