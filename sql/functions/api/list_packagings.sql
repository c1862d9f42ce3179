-- One page of packagings. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_packagings(
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
  v_after text := app.decode_cursor(p_cursor => p_cursor, p_list => 'packagings', p_values => 1) ->> 1;
  v_q text := p_filters ->> 'q';
  v_active boolean := (p_filters ->> 'active')::boolean;
  v_sku_id text := p_filters ->> 'sku_id';
begin
  return query select p.body, p.next_cursor from app.page(p_list => 'packagings', p_key => 'packaging_id', p_limit => p_limit,
    p_documents => array(
      select catalog.packaging_document(t)
        from catalog.packagings t
       where (v_after is null or t.packaging_id > v_after)
         and (v_q is null or app.matches(v_q, concat_ws(' ', t.packaging_id, t.sku_id, t.name, t.gtin)))
         and (v_active is null or t.active = v_active)
         and (v_sku_id is null or t.sku_id = v_sku_id)
       order by t.packaging_id
       limit p_limit + 1)) p;
end
$$;

comment on function api.list_packagings(jsonb, text, integer) is
  'Packagings by ID. Filters: q (words in ID, SKU, name or GTIN), sku_id, active.
Errors: VA001';
grant execute on function api.list_packagings(jsonb, text, integer) to admin, warehouse, sales, integration;
