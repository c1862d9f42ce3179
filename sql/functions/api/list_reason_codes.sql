-- One page of reason codes. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_reason_codes(
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
  v_after text := app.decode_cursor(p_cursor => p_cursor, p_list => 'reason-codes', p_values => 1) ->> 1;
  v_q text := p_filters ->> 'q';
  v_active boolean := (p_filters ->> 'active')::boolean;
  v_direction text := p_filters ->> 'direction';
begin
  return query select p.body, p.next_cursor from app.page(p_list => 'reason-codes', p_key => 'reason_code', p_limit => p_limit,
    p_documents => array(
      select catalog.reason_code_document(t)
        from catalog.reason_codes t
       where (v_after is null or t.reason_code > v_after)
         and (v_q is null or app.matches(v_q, t.reason_code || ' ' || t.description))
         and (v_active is null or t.active = v_active)
         and (v_direction is null or t.direction = v_direction)
       order by t.reason_code
       limit p_limit + 1)) p;
end
$$;

comment on function api.list_reason_codes(jsonb, text, integer) is
  'Reason codes by code. Filters: q (words in code or description), direction (in, out, both), active.
Errors: VA001';
grant execute on function api.list_reason_codes(jsonb, text, integer) to admin, warehouse, sales, integration;
