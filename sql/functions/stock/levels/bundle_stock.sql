-- What can be made of a bundle now, as the caller may see the levels of its components: {"available", "components", "updated_at"}. An order
-- takes each component from any warehouse that serves its channel, so the units there are summed first. p_serving: the warehouses that count.
create or replace function stock.bundle_stock(
  p_region_id smallint,
  p_components jsonb,
  p_serving text[]
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select jsonb_build_object('available', min(u.units / u.quantity), 'updated_at', max(u.updated_at), 'components',
           jsonb_agg(jsonb_build_object('sku_id', u.sku_id, 'quantity', u.quantity, 'available', u.units) order by u.nth))
    from (select c.ordinality as nth, c.value ->> 'sku_id' as sku_id, (c.value ->> 'quantity')::bigint as quantity,
                 coalesce(sum(stock.available_of(l.counters)), 0)::bigint as units, max(l.updated_at) as updated_at
            from jsonb_array_elements(p_components) with ordinality c
            left join stock.read_levels(p_region_id => p_region_id, p_warehouse_ids => p_serving, p_sku_ids => array(
                        select n.value ->> 'sku_id' from jsonb_array_elements(p_components) n)) l on l.sku_id = c.value ->> 'sku_id'
           group by 1, 2, 3) u;
$$;

grant execute on function stock.bundle_stock(smallint, jsonb, text[]) to admin, warehouse, sales, integration;
