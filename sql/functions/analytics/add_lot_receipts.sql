-- Records when units of a lot came in, from any source, and how many.
create or replace function analytics.add_lot_receipts(
  p_region_id smallint,
  p_movements analytics.movement[]
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  insert into analytics.lot_receipts as r (region_id, warehouse_id, sku_id, lot_id, first_received_at, last_received_at, received)
  select p_region_id, t.warehouse_id, t.sku_id, t.lot_id, min(t.occurred_at), max(t.occurred_at), sum(t.on_hand)
    from unnest(p_movements) t
   where t.lot_id is not null and t.on_hand > 0
   group by t.warehouse_id, t.sku_id, t.lot_id
  on conflict on constraint lot_receipts_pkey do update
    set first_received_at = least(r.first_received_at, excluded.first_received_at),
        last_received_at = greatest(r.last_received_at, excluded.last_received_at), received = r.received + excluded.received;
$$;

grant execute on function analytics.add_lot_receipts(smallint, analytics.movement[]) to scoville_definer;
