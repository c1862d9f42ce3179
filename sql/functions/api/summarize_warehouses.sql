create or replace function api.summarize_warehouses(
  p_region_id smallint
)
  returns table (body json, next_cursor text)
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object('data', coalesce(json_agg(json_strip_nulls(
           json_build_object(
             'warehouse_location', w.warehouse_id, 'name', w.name, 'active', w.active, 'skus', coalesce(t.skus, 0),
             'stock', coalesce(t.stock, 0), 'available', coalesce(t.available, 0), 'reserved', t.reserved,
             'committed', t.committed, 'unavailable', t.unavailable, 'safety_stock', t.safety_stock,
             'incoming', t.incoming)) order by w.warehouse_id), '[]'), 'next_cursor', null), null::text
    from catalog.warehouses w
    left join (
      select l.warehouse_id, count(*) as skus, sum(l.stock) as stock, sum(l.available) as available,
             sum(l.reserved) as reserved, sum(l.committed) as committed, sum(l.unavailable) as unavailable,
             sum(l.safety_stock) as safety_stock, sum(l.incoming) as incoming
        from stock.read_levels(p_region_id, array(select k.sku_id from catalog.skus k), null) l
       group by l.warehouse_id) t on t.warehouse_id = w.warehouse_id
   where w.region_id = p_region_id
     and (app.reaches_all_warehouses() or w.warehouse_id = any (app.claim_warehouses()));
$$;

comment on function api.summarize_warehouses(smallint) is 'The warehouses of a region with the sums of what they hold.';
grant execute on function api.summarize_warehouses(smallint) to admin, warehouse, sales, integration;
