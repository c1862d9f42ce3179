-- Changes the lot levels for the movements that name a lot, and returns the movements to be posted: units that enter or leave a lot
-- that cannot be sold do so as unavailable units. When a level receives its first units of a lot, the status of the lot decides. The
-- lock on the lot makes a change of status wait, so that change finds those units.
-- Lock order: after stock_levels; lots in key order, then lot_levels in key order.
create or replace function stock.post_lots(
  p_region_id smallint,
  p_movements stock.movement[]
)
  returns stock.movement[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_at bigint;
begin
  if not exists (select from unnest(p_movements) m where m.lot_id is not null) then
    return p_movements;
  end if;
  perform from stock.lots t
   where t.region_id = p_region_id
     and t.lot_id = any (array(select m.lot_id from unnest(p_movements) m where (m.delta).on_hand > 0))
   order by t.lot_id
     for share;
  insert into stock.lot_levels (region_id, warehouse_id, sku_id, lot_id, sellable)
  select distinct p_region_id, m.warehouse_id, m.sku_id, m.lot_id,
         stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date,
           p_today => timezone(z.time_zone, app.now())::date) = 'available'
    from unnest(p_movements) m
    join stock.lots t on t.region_id = p_region_id and t.lot_id = m.lot_id
    join catalog.zones() z on z.warehouse_id = m.warehouse_id
   order by 2, 3, 4
  on conflict do nothing;
  perform from (select distinct m.warehouse_id, m.sku_id, m.lot_id
                  from unnest(p_movements) m where m.lot_id is not null) k
    join stock.lot_levels v
      on v.region_id = p_region_id and v.warehouse_id = k.warehouse_id and v.sku_id = k.sku_id and v.lot_id = k.lot_id
   order by v.warehouse_id, v.sku_id, v.lot_id
     for no key update of v;
  update stock.lot_levels v
     set on_hand = v.on_hand + n.on_hand,
         sellable = case when v.on_hand = 0 then n.sellable else v.sellable end
    from (select m.warehouse_id, m.sku_id, m.lot_id, sum((m.delta).on_hand) as on_hand,
                 bool_and(stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date,
                   p_today => timezone(z.time_zone, app.now())::date) = 'available') as sellable
            from unnest(p_movements) m
            join stock.lots t on t.region_id = p_region_id and t.lot_id = m.lot_id
            join catalog.zones() z on z.warehouse_id = m.warehouse_id
           group by m.warehouse_id, m.sku_id, m.lot_id) n
   where v.region_id = p_region_id and v.warehouse_id = n.warehouse_id and v.sku_id = n.sku_id and v.lot_id = n.lot_id;
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
  for v_at in
    select m.ordinality
      from unnest(p_movements) with ordinality m
      join stock.lot_levels v
        on v.region_id = p_region_id and v.warehouse_id = m.warehouse_id and v.sku_id = m.sku_id and v.lot_id = m.lot_id
     where not v.sellable
  loop
    p_movements[v_at].delta.unavailable := p_movements[v_at].delta.unavailable + p_movements[v_at].delta.on_hand;
  end loop;
  return p_movements;
end
$$;

grant execute on function stock.post_lots(smallint, stock.movement[]) to scoville_definer;
