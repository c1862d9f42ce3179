-- Locks everything that a recall of these lots changes: the levels that have units of them, the levels to which promises may move, and the
-- lots. Which levels that needs is read without locks; if more are needed under them, the transaction has to start over.
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
  v_places record;
  v_locked record;
begin
  select coalesce(array_agg(v.warehouse_id), '{}') as warehouse_ids, coalesce(array_agg(v.sku_id), '{}') as sku_ids,
         coalesce(array_agg(v.units), '{}') as units
    into v_places
    from (select l.warehouse_id, l.sku_id, sum(l.on_hand)::bigint as units
            from stock.lot_levels l
           where l.region_id = p_region_id and l.lot_id = any (p_lot_ids) and l.on_hand > 0
           group by l.warehouse_id, l.sku_id) v;
  select r.warehouse_ids, r.sku_ids into v_locked
    from orders.levels_to_resolve(p_region_id => p_region_id, p_warehouse_ids => v_places.warehouse_ids, p_sku_ids => v_places.sku_ids,
           p_units => v_places.units) r;
  perform stock.lock_to_change(p_region_id => p_region_id, p_warehouse_ids => v_locked.warehouse_ids, p_sku_ids => v_locked.sku_ids);
  perform stock.lock_lots(p_region_id, p_lot_ids);
  if exists (
    select from orders.levels_to_resolve(p_region_id => p_region_id, p_warehouse_ids => v_places.warehouse_ids,
                  p_sku_ids => v_places.sku_ids, p_units => v_places.units) r
     cross join lateral rows from (unnest(r.warehouse_ids), unnest(r.sku_ids)) as n (warehouse_id, sku_id)
     where (n.warehouse_id, n.sku_id) not in (
       select k.warehouse_id, k.sku_id
         from rows from (unnest(v_locked.warehouse_ids), unnest(v_locked.sku_ids)) as k (warehouse_id, sku_id)))
  then
    raise exception using errcode = 'serialization_failure', message = 'units were promised in the meantime';
  end if;
end
$$;

grant execute on function stock.lock_recall(smallint, bigint[]) to scoville_definer;
