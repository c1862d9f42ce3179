-- A caller who is bound to channels sees the warehouses that serve them.
create or replace function api.summarize_warehouses(
  p_region_id smallint
)
  returns table (body json, next_cursor text)
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object('data', coalesce(json_agg(app.join_json(
           json_build_object('warehouse_location', w.warehouse_id, 'name', w.name, 'active', w.active,
             'sellable', s.warehouse_id is not null, 'skus', coalesce(t.skus, 0)),
           stock.counters_document(coalesce(t.counters, stock.new_counters()),
             t.counters is null or app.claim_role() = 'integration')) order by w.warehouse_id), '[]'),
         'next_cursor', null), null::text
    from catalog.warehouses w
    left join (
      select l.warehouse_id, count(*) as skus, stock.sum_counters(array_agg(l.counters)) as counters
        from stock.read_levels(p_region_id => p_region_id, p_sku_ids => null, p_warehouse_ids => null) l
       group by l.warehouse_id) t on t.warehouse_id = w.warehouse_id
    left join (select distinct v.warehouse_id from catalog.serving_warehouses() v where v.region_id = p_region_id and v.sells) s
      on s.warehouse_id = w.warehouse_id
   cross join (select catalog.own_warehouses(p_region_id)) o (own)
   where w.region_id = p_region_id and (o.own is null or w.warehouse_id = any (o.own));
$$;

comment on function api.summarize_warehouses(smallint) is 'The warehouses of a region with the sums of their stock.';
grant execute on function api.summarize_warehouses(smallint) to admin, warehouse, sales, integration;
