-- One page of the register of erasures, the latest first.
create or replace function api.list_erasures(
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
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'erasures', p_values => 1) ->> 1);
  v_rows json[];
  v_last jsonb;
begin
  select array_agg(s.document order by s.erasure_id desc),
         jsonb_build_array('erasures', min(s.erasure_id) filter (where s.nth = p_limit)::text)
    into v_rows, v_last
    from (select e.erasure_id, row_number() over (order by e.erasure_id desc) as nth, json_build_object(
                   'erasure_id', 'ERS-' || e.region_id || '-' || e.erasure_id, 'erased_at', app.rfc3339(e.erased_at),
                   'actor', e.actor, 'request_id', e.request_id,
                   'orders', array(select orders.public_id(e.region_id, o) from unnest(e.order_ids) o)) as document
            from orders.erasures e
           where e.region_id = p_region_id and (v_before is null or e.erasure_id < v_before)
           order by e.erasure_id desc
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit => p_limit, p_documents => v_rows, p_last => v_last) p;
end
$$;

comment on function api.list_erasures(smallint, jsonb, text, integer) is
  'The register of erasures, the latest first: which orders lost their customer, when and by whom. No filters. It names no person.
Errors: VA001';
grant execute on function api.list_erasures(smallint, jsonb, text, integer) to admin;
