-- One page of suppliers. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_suppliers(
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
  v_after text := app.decode_cursor(p_cursor => p_cursor, p_list => 'suppliers', p_values => 1) ->> 1;
  v_q text := p_filters ->> 'q';
  v_active boolean := (p_filters ->> 'active')::boolean;
begin
  return query select p.body, p.next_cursor from app.page(p_list => 'suppliers', p_key => 'supplier_id', p_limit => p_limit,
    p_documents => array(
      select supply.supplier_document(t)
        from supply.suppliers t
       where (v_after is null or t.supplier_id > v_after)
         and (v_q is null or app.matches(v_q, t.supplier_id || ' ' || t.name))
         and (v_active is null or t.active = v_active)
       order by t.supplier_id
       limit p_limit + 1)) p;
end
$$;

comment on function api.list_suppliers(jsonb, text, integer) is
  'Suppliers by code. Filters: q (words in code or name), active.
Errors: VA001';
grant execute on function api.list_suppliers(jsonb, text, integer) to admin, warehouse;
