-- The refusal of a shipment that begins a bundle and does not complete it, or null. A bundle that is in parts because one of its parcels was
-- undone does not keep others from leaving.
create or replace function orders.refuse_fractions(
  p_region_id smallint,
  p_order_id bigint,
  p_parts orders.part[]
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_before jsonb;
  v_after record;
  v_errors jsonb;
begin
  if not orders.has_bundles(p_region_id, p_order_id) then
    return null;
  end if;
  v_after := orders.share_bundles(p_region_id => p_region_id, p_order_id => p_order_id, p_more => p_parts);
  if v_after.missing = '{}' then
    return null;
  end if;
  v_before := (select s.missing from orders.share_bundles(p_region_id, p_order_id) s);
  select jsonb_agg(jsonb_build_object('pointer', '/items', 'sku_id', m.sku_id, 'bundle_sku_id', l.sku_id, 'missing', m.units,
           'detail', format('%s more of %s makes the bundles of %s whole.', m.units, m.sku_id, l.sku_id)) order by l.line_no, m.sku_id)
    into v_errors
    from (select split_part(e.key, '/', 1)::smallint as line_no, split_part(e.key, '/', 2) as sku_id, e.value::bigint as units
            from jsonb_each_text(v_after.missing) e
           where e.value::bigint > coalesce((v_before ->> e.key)::bigint, 0)) m
    join orders.order_lines l on l.region_id = p_region_id and l.order_id = p_order_id and l.line_no = m.line_no;
  if v_errors is null then
    return null;
  end if;
  return app.refuse_lines(p_code => 'KT004', p_errors => v_errors,
    p_detail => 'A bundle leaves whole. Ship the missing components in the same request, or leave the others out.');
end
$$;

grant execute on function orders.refuse_fractions(smallint, bigint, orders.part[]) to scoville_definer;
