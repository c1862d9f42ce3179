-- Locks lots for a change of status, and the levels that have units of them. While a lot is locked, no level can receive its first
-- units of that lot (stock.post_lots). The levels come first in the lock order. If the lot reached another level while this
-- transaction waited, the transaction has to start over. Levels of warehouses outside the caller's claims stay unlocked: such a
-- change is refused.
-- Lock order: stock_levels in key order, then lots in key order.
create or replace function stock.lock_lots(
  p_region_id smallint,
  p_lot_ids bigint[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_levels text[];
begin
  select array_agg(s.warehouse_id || '/' || s.sku_id) into v_levels
    from (select l.warehouse_id, l.sku_id
            from (select distinct v.warehouse_id, v.sku_id
                    from stock.lot_levels v
                   where v.region_id = p_region_id and v.lot_id = any (p_lot_ids)) k
            join stock.stock_levels l
              on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
           order by l.warehouse_id, l.sku_id
             for no key update of l) s;
  perform from stock.lots t
   where t.region_id = p_region_id and t.lot_id = any (p_lot_ids)
   order by t.lot_id
     for no key update;
  if exists (
    select from stock.lot_levels v
     where v.region_id = p_region_id and v.lot_id = any (p_lot_ids) and v.on_hand > 0
       and (app.reaches_all_warehouses() or v.warehouse_id = any (app.claim_warehouses()))
       and v.warehouse_id || '/' || v.sku_id <> all (coalesce(v_levels, '{}')))
  then
    raise exception using errcode = 'serialization_failure', message = 'a lot reached another warehouse in the meantime';
  end if;
end
$$;

grant execute on function stock.lock_lots(smallint, bigint[]) to scoville_definer;
