-- Freezes what is known of these (held) lots: their figures, where their units lie, the parcels that left with them, and the orders whose
-- promises moved (p_moves). Rows that the recall has already stay as they were, but for orders, which can lose units again: a lot that is
-- recalled again brings only what is new.
create or replace function stock.freeze_recall(
  p_region_id smallint,
  p_recall_id bigint,
  p_lot_ids bigint[],
  p_moves stock.movement[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  insert into stock.recall_lots
    (region_id, recall_id, lot_id, sku_id, received, on_hand, in_transit, shipped, returned, written_off, unexplained)
  select p_region_id, p_recall_id, a.lot_id, a.sku_id, a.received, a.on_hand, a.in_transit, a.shipped, a.returned, a.written_off, a.unexplained
    from stock.account_for_lots(p_region_id, p_lot_ids) a
   order by a.lot_id
  on conflict on constraint recall_lots_pkey do nothing;
  insert into stock.recall_places (region_id, recall_id, lot_id, warehouse_id, units, in_transit, transfers)
  select p_region_id, p_recall_id, p.lot_id, p.warehouse_id, sum(p.units), sum(p.in_transit),
         coalesce(array_agg(supply.transfer_public_id(p_region_id, p.transfer_id) order by p.transfer_id)
           filter (where p.transfer_id is not null), '{}')
    from (select v.lot_id, v.warehouse_id, v.on_hand as units, 0 as in_transit, null as transfer_id
            from stock.lot_levels v
           where v.region_id = p_region_id and v.lot_id = any (p_lot_ids) and v.on_hand > 0
           union all
          select f.lot_id, f.to_warehouse_id, 0, sum(f.in_transit), f.transfer_id
            from supply.transfer_lots f
           where f.region_id = p_region_id and f.lot_id = any (p_lot_ids) and f.in_transit > 0
           group by f.lot_id, f.to_warehouse_id, f.transfer_id) p
   group by p.lot_id, p.warehouse_id
   order by p.lot_id, p.warehouse_id
  on conflict on constraint recall_places_pkey do nothing;
  insert into stock.recall_parcels
    (region_id, recall_id, fulfillment_id, lot_id, order_id, channel_id, warehouse_id, quantity, assumed)
  select p_region_id, p_recall_id, l.fulfillment_id, l.lot_id, f.order_id, f.channel_id, f.warehouse_id, l.quantity, l.assumed
    from orders.fulfillment_lines l
    join orders.fulfillments f on f.region_id = p_region_id and f.fulfillment_id = l.fulfillment_id and f.canceled_at is null
   where l.region_id = p_region_id and l.lot_id = any (p_lot_ids)
   order by l.fulfillment_id, l.lot_id
  on conflict on constraint recall_parcels_pkey do nothing;
  insert into stock.recall_orders as r (region_id, recall_id, order_id, sku_id, channel_id, moved, waiting)
  select p_region_id, p_recall_id, o.order_id, m.sku_id, o.channel_id, m.moved, m.lost - m.moved
    from (select orders.find_order(p_region_id, u.document) as order_id, u.sku_id,
                 coalesce(sum((u.delta).committed) filter (where u.kind = 'commit'), 0)::integer as moved,
                 -coalesce(sum((u.delta).committed) filter (where u.kind = 'uncommit'), 0)::integer as lost
            from unnest(p_moves) u
           where u.kind in ('commit', 'uncommit')
           group by u.document, u.sku_id) m
    join orders.orders o on o.region_id = p_region_id and o.order_id = m.order_id
   order by o.order_id, m.sku_id
  on conflict on constraint recall_orders_pkey do update
    set moved = r.moved + excluded.moved, waiting = r.waiting + excluded.waiting;  -- by several lots, one after the other
end
$$;

grant execute on function stock.freeze_recall(smallint, bigint, bigint[], stock.movement[]) to scoville_definer;
