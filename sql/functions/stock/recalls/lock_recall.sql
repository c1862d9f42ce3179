-- Locks everything that a recall of these lots changes: their levels, the levels to which promises may move, and the lots. Which levels that
-- needs is read without locks (stock.recall_levels); if more are needed under them, the transaction has to start over.
-- Lock order: as stock.lock_to_change; then lots in key order.
create or replace function stock.lock_recall(
  p_region_id smallint,
  p_lot_ids bigint[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_locked record := stock.recall_levels(p_region_id, p_lot_ids);
begin
  perform stock.lock_to_change(p_region_id => p_region_id, p_warehouse_ids => v_locked.warehouse_ids, p_sku_ids => v_locked.sku_ids);
  perform stock.lock_lots(p_region_id, p_lot_ids);
  perform stock.check_locked(p_warehouse_ids => r.warehouse_ids, p_sku_ids => r.sku_ids, p_locked_warehouse_ids => v_locked.warehouse_ids,
            p_locked_sku_ids => v_locked.sku_ids)
    from stock.recall_levels(p_region_id, p_lot_ids) r;
end
$$;

grant execute on function stock.lock_recall(smallint, bigint[]) to scoville_definer;
