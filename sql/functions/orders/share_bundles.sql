-- Shares the shipped units of an order with bundles among its lines: to whole bundles (the largest first, as it may have the components of
-- smaller ones), then to single lines in their order, then to bundles that were begun. Allocations know a SKU, not its lines.
-- p_more: units that leave beside those that were shipped. lines: [{"line_no", "sku_id", "fulfilled", "components"}]; components null: no
-- bundle. missing: {"line_no/sku_id": units}, what bundles that were begun lack.
create or replace function orders.share_bundles(
  p_region_id smallint,
  p_order_id bigint,
  p_more orders.part[] default '{}',
  out lines jsonb,
  out missing jsonb
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_left jsonb;
  v_line record;
  v_units bigint;
  v_begun bigint;
  v_components jsonb;
  v_rest jsonb;
begin
  lines := '[]';
  missing := '{}';
  select jsonb_object_agg(s.sku_id, s.units) into v_left
    from (select u.sku_id, sum(u.units) as units
            from (select a.sku_id, a.fulfilled_quantity as units
                    from orders.order_allocations a
                   where a.region_id = p_region_id and a.order_id = p_order_id
                  union all
                  select p.sku_id, p.units from unnest(p_more) p
                  union all
                  select coalesce(c.value ->> 'sku_id', l.sku_id), 0
                    from orders.order_lines l
                    left join lateral jsonb_array_elements(l.components) c on true
                   where l.region_id = p_region_id and l.order_id = p_order_id) u
           group by u.sku_id) s;
  for v_line in
    select l.line_no, l.sku_id, l.components, l.quantity - l.canceled_quantity as kept,
           (select sum((c.value ->> 'quantity')::bigint) from jsonb_array_elements(l.components) c) as size
      from orders.order_lines l
     where l.region_id = p_region_id and l.order_id = p_order_id
     order by size desc nulls last, l.line_no
  loop
    select least(v_line.kept, min((v_left ->> c.sku_id)::bigint / c.quantity)) into v_units
      from (select n.sku_id, n.quantity from jsonb_to_recordset(v_line.components) as n (sku_id text, quantity bigint)
             union all
            select v_line.sku_id, 1 where v_line.components is null) c;
    select jsonb_object_agg(c.sku_id, (v_left ->> c.sku_id)::bigint - v_units * c.quantity) into v_rest
      from (select n.sku_id, n.quantity from jsonb_to_recordset(v_line.components) as n (sku_id text, quantity bigint)
             union all
            select v_line.sku_id, 1 where v_line.components is null) c;
    v_left := v_left || v_rest;
    lines := lines || jsonb_build_object('line_no', v_line.line_no, 'sku_id', v_line.sku_id, 'fulfilled', v_units,
      'components', v_line.components, 'kept', v_line.kept);
  end loop;
  for n in 0 .. jsonb_array_length(lines) - 1 loop
    continue when lines -> n -> 'components' = 'null';
    v_units := lines -> n -> 'fulfilled';
    select jsonb_agg(c.value || jsonb_build_object('fulfilled', v_units * u.each + f.units) order by c.ordinality),
           jsonb_object_agg(u.sku_id, (v_left ->> u.sku_id)::bigint - f.units), v_units + max(ceil(f.units::numeric / u.each))
      into v_components, v_rest, v_begun
      from jsonb_array_elements(lines -> n -> 'components') with ordinality c
     cross join lateral (select c.value ->> 'sku_id', (c.value ->> 'quantity')::bigint) u (sku_id, each)
     cross join lateral (
       select least((v_left ->> u.sku_id)::bigint, ((lines -> n ->> 'kept')::bigint - v_units) * u.each)) f (units);
    v_left := v_left || v_rest;
    lines := jsonb_set(lines, array[n::text, 'components'], v_components);
    missing := missing || coalesce((
      select jsonb_object_agg((lines -> n ->> 'line_no') || '/' || c.sku_id, v_begun * c.quantity - c.fulfilled)
        from jsonb_to_recordset(v_components) as c (sku_id text, quantity bigint, fulfilled bigint)
       where v_begun * c.quantity > c.fulfilled), '{}');
  end loop;
end
$$;

grant execute on function orders.share_bundles(smallint, bigint, orders.part[]) to scoville_definer;
