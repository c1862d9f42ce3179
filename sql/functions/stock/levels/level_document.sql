-- The answer to an adjustment or count: the level as it is now. Where nothing of the SKU has ever been there is no row: a count
-- of 0 is answered with zeros.
create or replace function stock.level_document(
  p_region_id smallint,
  p_draft stock.draft
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object(
           'sku_id', p_draft.sku_id, 'warehouse_location', p_draft.warehouse_id, 'stock', coalesce(l.on_hand, 0),
           'available', coalesce(l.available, 0), 'reserved', coalesce(l.reserved, 0), 'committed', coalesce(l.committed, 0),
           'unavailable', coalesce(l.unavailable, 0), 'safety_stock', coalesce(l.safety_stock, 0),
           'incoming', coalesce(l.incoming, 0), 'version', coalesce(l.version, 0),
           'batch_number', p_draft.batch_number,
           'batch_stock', (
             select v.on_hand
               from stock.lots t
               join stock.lot_levels v on v.region_id = p_region_id and v.warehouse_id = l.warehouse_id
                and v.sku_id = l.sku_id and v.lot_id = t.lot_id
              where t.region_id = p_region_id and t.sku_id = l.sku_id and t.batch_number = p_draft.batch_number),
           'delta', p_draft.delta, 'reason_code', p_draft.reason_code, 'note', p_draft.note,
           'updated_at', app.rfc3339(coalesce(l.updated_at, app.now())))
    from (values (1)) one
    left join stock.stock_levels l
      on l.region_id = p_region_id and l.warehouse_id = p_draft.warehouse_id and l.sku_id = p_draft.sku_id;
$$;

grant execute on function stock.level_document(smallint, stock.draft) to scoville_definer;
