-- The lots of a SKU by warehouse, in order of expiry, as units are taken from them. Only lots with stock, so an emptied lot disappears.
create or replace function stock.sku_lots(
  p_region_id smallint,
  p_sku_id text
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(json_agg(json_build_object(
           'warehouse_location', v.warehouse_id, 'batch_number', t.batch_number, 'expiration_date', t.expiration_date,
           'manufactured_on', t.manufactured_on,
           'status', stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date,
             p_today => timezone(z.time_zone, app.now())::date), 'stock', v.on_hand, 'withheld', v.withheld)
           order by t.expiration_date, t.lot_id, v.warehouse_id), '[]')
    from (select catalog.own_warehouses(p_region_id)) o (own)
   cross join stock.lot_levels v
    join stock.lots t on t.region_id = p_region_id and t.lot_id = v.lot_id
    join catalog.zones() z on z.warehouse_id = v.warehouse_id
   where v.region_id = p_region_id and v.sku_id = p_sku_id and v.on_hand > 0
     and (o.own is null or v.warehouse_id = any (o.own));
$$;

grant execute on function stock.sku_lots(smallint, text) to admin, warehouse, sales;
