-- Changes the lot levels for the movements that name a lot, and returns the movements to be posted: units that enter or leave a lot
-- that cannot be sold do so as unavailable units; in other lots, withheld units are unavailable. Units that come back promised (a parcel
-- is undone) are shortfall, which available units settle at once (stock.settle_shortfall).
-- Lock order: after stock_levels; lots in key order (stock.open_lot_levels), then lot_levels in key order.
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
  v_names_lots boolean := false;
  v_adds boolean := false;
  v_withholds boolean := false;
  v_at bigint;
  v_sellable boolean;
begin
  for i in 1 .. cardinality(p_movements) loop
    if p_movements[i].lot_id is not null then
      v_names_lots := true;
      v_adds := v_adds or (p_movements[i].delta).on_hand > 0;
      v_withholds := v_withholds or p_movements[i].withheld is not null;
    end if;
  end loop;
  if not v_names_lots then
    return p_movements;
  end if;
  if v_adds then
    perform stock.open_lot_levels(p_region_id, p_movements);
  end if;
  perform from (select distinct m.warehouse_id, m.sku_id, m.lot_id
                  from unnest(p_movements) m where m.lot_id is not null) k
    join stock.lot_levels v
      on v.region_id = p_region_id and v.warehouse_id = k.warehouse_id and v.sku_id = k.sku_id and v.lot_id = k.lot_id
   order by v.warehouse_id, v.sku_id, v.lot_id
     for no key update of v;
  update stock.lot_levels v
     set on_hand = v.on_hand + n.on_hand, withheld = v.withheld + n.withheld
    from (select m.warehouse_id, m.sku_id, m.lot_id, sum((m.delta).on_hand) as on_hand, coalesce(sum(m.withheld), 0) as withheld
            from unnest(p_movements) m
           group by m.warehouse_id, m.sku_id, m.lot_id) n
   where v.region_id = p_region_id and v.warehouse_id = n.warehouse_id and v.sku_id = n.sku_id and v.lot_id = n.lot_id;
  if v_withholds then
    perform stock.write_withholdings(p_region_id, p_movements);
  end if;
  for v_at, v_sellable in
    select m.ordinality, v.sellable
      from unnest(p_movements) with ordinality m
      join stock.lot_levels v
        on v.region_id = p_region_id and v.warehouse_id = m.warehouse_id and v.sku_id = m.sku_id and v.lot_id = m.lot_id
     where not v.sellable or m.withheld <> 0
  loop
    if v_sellable then
      p_movements[v_at].delta.unavailable := p_movements[v_at].delta.unavailable + p_movements[v_at].withheld;
    elsif p_movements[v_at].kind = 'unfulfill' then
      p_movements[v_at].delta.shortfall := p_movements[v_at].delta.shortfall + p_movements[v_at].delta.on_hand;
    else
      p_movements[v_at].delta.unavailable := p_movements[v_at].delta.unavailable + p_movements[v_at].delta.on_hand;
    end if;
  end loop;
  return p_movements;
end
$$;

grant execute on function stock.post_lots(smallint, stock.movement[]) to scoville_definer;
