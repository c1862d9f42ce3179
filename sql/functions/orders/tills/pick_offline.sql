-- The lots from which a sale took its units that has happened already, and the units that must be found for it because the count does
-- not have them. The scanned lot; else the lots that could be sold on that day, the first to expire first; what is still missing then is
-- of the newest lot that was there. Promised units are never taken: only what is available, and units that became unavailable since.
-- The caller has locked the levels.
create or replace function orders.pick_offline(
  p_region_id smallint,
  p_parts orders.part[],
  p_sold_at timestamptz,
  out p_picks orders.pick[],
  out p_found orders.pick[]
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_part orders.part;
  v_sku_id text;
  v_free bigint;  -- what can be taken of the level's sellable lots, and of the others
  v_stuck bigint;
  v_slots stock.slot[];
  v_turns integer[];  -- slots in the order in which they are tried; the last one gives whatever is left
  v_slot integer;
  v_left bigint;
  v_units bigint;
  v_found bigint;
begin
  p_picks := '{}';
  p_found := '{}';
  foreach v_part in array p_parts loop
    if v_part.sku_id is distinct from v_sku_id then
      v_sku_id := v_part.sku_id;
      select l.available, l.unavailable into v_free, v_stuck
        from stock.stock_levels l
       where l.region_id = p_region_id and l.warehouse_id = v_part.warehouse_id and l.sku_id = v_part.sku_id;
      v_slots := orders.list_sold_slots(p_region_id => p_region_id, p_warehouse_id => v_part.warehouse_id, p_sku_id => v_part.sku_id,
        p_sold_at => p_sold_at, p_lot_ids => array(select p.lot_id from unnest(p_parts) p where p.lot_id is not null));
    end if;
    v_turns := array(
      select s.ordinality from unnest(v_slots) with ordinality s
       where case when v_part.lot_id is null then not s.is_past and s.on_hand > 0 else s.lot_id = v_part.lot_id end
       order by s.ordinality);
    if v_part.lot_id is null then
      v_turns := v_turns || (
        select s.ordinality::integer from unnest(v_slots) with ordinality s order by s.is_past, s.lot_id desc limit 1);
    end if;
    v_left := v_part.units;
    for i in 1 .. cardinality(v_turns) loop
      v_slot := v_turns[i];
      v_units := case when i = cardinality(v_turns) then v_left
                      else least(v_left, v_slots[v_slot].on_hand,
                             case when v_slots[v_slot].sellable then v_free else v_stuck end) end;
      continue when v_units = 0;
      v_found := greatest(0, v_units - v_slots[v_slot].on_hand,
        v_units - case when v_slots[v_slot].sellable then v_free else v_stuck end);
      v_slots[v_slot].on_hand := v_slots[v_slot].on_hand + v_found - v_units;
      if v_slots[v_slot].sellable then
        v_free := v_free + v_found - v_units;
      else
        v_stuck := v_stuck + v_found - v_units;
      end if;
      v_left := v_left - v_units;
      p_picks := p_picks || orders.new_pick(p_warehouse_id => v_part.warehouse_id, p_sku_id => v_part.sku_id,
        p_lot_id => v_slots[v_slot].lot_id, p_units => v_units::integer, p_assumed => v_part.lot_id is null);
      if v_found > 0 then
        p_found := p_found || orders.new_pick(p_warehouse_id => v_part.warehouse_id, p_sku_id => v_part.sku_id,
          p_lot_id => v_slots[v_slot].lot_id, p_units => v_found::integer);
      end if;
    end loop;
  end loop;
  p_picks := array(
    select orders.new_pick(p_warehouse_id => k.warehouse_id, p_sku_id => k.sku_id, p_lot_id => k.lot_id,
             p_units => sum(k.units)::integer, p_assumed => bool_or(k.assumed))
      from unnest(p_picks) k
     group by k.warehouse_id, k.sku_id, k.lot_id
     order by k.sku_id collate "C", k.lot_id);
end
$$;

grant execute on function orders.pick_offline(smallint, orders.part[], timestamptz) to scoville_definer;
