-- Prepares the lot levels that these movements add units to. When a level receives its first units of a lot, the status of the lot
-- decides whether they can be sold, and the level has to look at the lot again when it expires. The lock on the lot makes a change of
-- status wait, so that change finds those units.
-- Lock order: after stock_levels; lots in key order, then lot_levels in key order.
create or replace function stock.open_lot_levels(
  p_region_id smallint,
  p_movements stock.movement[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  perform from stock.lots t
   where t.region_id = p_region_id
     and t.lot_id = any (array(select m.lot_id from unnest(p_movements) m where (m.delta).on_hand > 0))
   order by t.lot_id
     for share;
  insert into stock.lot_levels as v (region_id, warehouse_id, sku_id, lot_id, sellable)
  select distinct p_region_id, m.warehouse_id, m.sku_id, m.lot_id,
         stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date,
           p_today => timezone(z.time_zone, app.now())::date) = 'available'
    from unnest(p_movements) m
    join stock.lots t on t.region_id = p_region_id and t.lot_id = m.lot_id
    join catalog.zones() z on z.warehouse_id = m.warehouse_id
   order by 2, 3, 4
  on conflict on constraint lot_levels_pkey do update set sellable = excluded.sellable where v.on_hand = 0;
  update stock.stock_levels l
     set next_expiry_at = n.expires_at
    from (select m.warehouse_id, m.sku_id, min(app.day_begins_at(t.expiration_date + 1, z.time_zone)) as expires_at
            from unnest(p_movements) m
            join stock.lots t on t.region_id = p_region_id and t.lot_id = m.lot_id
            join catalog.zones() z on z.warehouse_id = m.warehouse_id
            join stock.lot_levels v on v.region_id = p_region_id and v.warehouse_id = m.warehouse_id
             and v.sku_id = m.sku_id and v.lot_id = m.lot_id
           where (m.delta).on_hand > 0 and v.sellable
           group by m.warehouse_id, m.sku_id) n
   where l.region_id = p_region_id and l.warehouse_id = n.warehouse_id and l.sku_id = n.sku_id
     and (l.next_expiry_at > n.expires_at or l.next_expiry_at is null and n.expires_at is not null);
end
$$;

grant execute on function stock.open_lot_levels(smallint, stock.movement[]) to scoville_definer;
