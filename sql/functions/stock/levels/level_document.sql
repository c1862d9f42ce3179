-- The answer to an adjustment or count: the current level. A SKU that the warehouse never had has no row, so a count of 0 returns
-- zeros.
create or replace function stock.level_document(
  p_region_id smallint,
  p_draft stock.draft
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select app.join_json(
           app.join_json(
             json_build_object('sku_id', p_draft.sku_id, 'warehouse_location', p_draft.warehouse_id),
             stock.counters_document(case when l.sku_id is null then stock.new_counters() else stock.to_counters(l) end)),
           json_build_object(
             'reorder_point', l.reorder_point, 'version', coalesce(l.version, 0), 'batch_number', p_draft.batch_number,
             'batch_stock', (
               select v.on_hand
                 from stock.lot_levels v
                where v.region_id = p_region_id and v.warehouse_id = l.warehouse_id and v.sku_id = l.sku_id
                  and v.lot_id = p_draft.lot_id),
             'batches', coalesce(p_draft.batches, '[]'), 'delta', p_draft.delta, 'reason_code', p_draft.reason_code, 'note', p_draft.note,
             'updated_at', app.rfc3339(coalesce(l.updated_at, app.now()))))
    from (values (1)) one
    left join stock.stock_levels l
      on l.region_id = p_region_id and l.warehouse_id = p_draft.warehouse_id and l.sku_id = p_draft.sku_id;
$$;

grant execute on function stock.level_document(smallint, stock.draft) to scoville_definer;
