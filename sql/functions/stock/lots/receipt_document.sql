-- The answer to a receipt: the SKU with this lot in this warehouse, under the names of the SKU-and-batch object.
create or replace function stock.receipt_document(
  p_region_id smallint,
  p_draft stock.draft
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object(
           'sku_id', k.sku_id, 'name', k.name, 'description', k.description, 'size_ml', k.size_ml,
           'flavor_profile', k.flavor_profile, 'price', k.price, 'warehouse_location', l.warehouse_id,
           'stock', v.on_hand, 'batch_number', t.batch_number, 'expiration_date', t.expiration_date,
           'manufactured_on', t.manufactured_on,
           'status', stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date,
             p_today => timezone(z.time_zone, app.now())::date),
           'received', p_draft.counted, 'packed', p_draft.element -> 'packed',
           'occurred_at', app.rfc3339(coalesce(stock.came_at(p_draft.element, z.time_zone), app.now())), 'reason_code', p_draft.reason_code,
           'warehouse_stock', l.on_hand, 'warehouse_available', l.available, 'version', l.version)
    from catalog.skus k
    join catalog.zones() z on z.warehouse_id = p_draft.warehouse_id
    join stock.stock_levels l
      on l.region_id = p_region_id and l.warehouse_id = p_draft.warehouse_id and l.sku_id = k.sku_id
    join stock.lots t on t.region_id = p_region_id and t.lot_id = p_draft.lot_id
    join stock.lot_levels v on v.region_id = p_region_id and v.warehouse_id = l.warehouse_id and v.sku_id = k.sku_id
     and v.lot_id = t.lot_id
   where k.sku_id = p_draft.sku_id;
$$;

grant execute on function stock.receipt_document(smallint, stock.draft) to scoville_definer;
