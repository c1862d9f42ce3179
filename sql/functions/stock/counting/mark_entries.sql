-- What the ledger says of the lots of these entries at the moment of each: the last movement of the level before it (0: none), and the units
-- of the lot that lay there then, withheld ones included. An entry without counted_at is of now.
-- The caller has locked the levels: no movement comes in between.
create or replace function stock.mark_entries(
  p_region_id smallint,
  p_warehouse_id text,
  p_entries jsonb
)
  returns table (pointer text, sku_id text, lot_id bigint, counted bigint, counted_at timestamptz, confirmed boolean, note text,
                 mark_movement_id bigint, on_hand bigint)
  language sql
  stable
  set search_path = ''
as $$
  select e.pointer, e.sku_id, e.lot_id, e.counted, least(e.counted_at, app.now()), coalesce(e.confirm, false), e.note,
         coalesce(m.movement_id, 0), coalesce(v.on_hand, 0) - n.units
    from jsonb_to_recordset(p_entries) e (pointer text, sku_id text, lot_id bigint, counted bigint, counted_at timestamptz, confirm boolean,
           note text)
    left join stock.lot_levels v
      on v.region_id = p_region_id and v.warehouse_id = p_warehouse_id and v.sku_id = e.sku_id and v.lot_id = e.lot_id
    left join lateral (
      select s.movement_id
        from stock.stock_movements s
       where s.region_id = p_region_id and s.sku_id = e.sku_id and s.warehouse_id = p_warehouse_id
         and s.recorded_at <= coalesce(e.counted_at, 'infinity')
       order by s.movement_id desc
       limit 1) m on true
   cross join lateral (
     select coalesce(sum(s.on_hand_delta), 0) as units
       from stock.stock_movements s
      where s.region_id = p_region_id and s.sku_id = e.sku_id and s.movement_id > coalesce(m.movement_id, 0)
        and s.warehouse_id = p_warehouse_id and s.lot_id = e.lot_id) n;
$$;

grant execute on function stock.mark_entries(smallint, text, jsonb) to scoville_definer;
