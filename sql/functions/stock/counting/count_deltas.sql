-- The units that the approval of these counts has to add to each lot that is counted (negative: take away): the difference between the entry that
-- stands and the ledger at its mark, so whatever moved since then moves on.
-- Corrections of the same lot that were posted after the mark are no moves: what an earlier look found is part of what this one found, and is
-- not posted again; after a later look (of another count, or PUT /v1/inventory/{sku_id}) there is nothing left to correct.
-- Called before and after the levels are locked.
create or replace function stock.count_deltas(
  p_region_id smallint,
  p_count_ids bigint[]
)
  returns table (count_id bigint, sku_id text, lot_id bigint, entry_id bigint, delta bigint)
  language sql
  stable
  set search_path = ''
as $$
  select l.count_id, l.sku_id, l.lot_id, l.entry_id,
         case when n.is_later then 0 else e.counted - e.on_hand_at_mark - o.units end
    from stock.count_lines l
    join stock.count_entries e on e.region_id = p_region_id and e.entry_id = l.entry_id
   cross join lateral (
     select coalesce(sum(m.on_hand_delta), 0) as units, coalesce(bool_or(x.count_id is null), false) as is_later
       from stock.stock_movements m
       left join stock.count_lines x
         on x.region_id = p_region_id and x.lot_id = m.lot_id and x.warehouse_id = m.warehouse_id and x.status = 'approved'
        and m.document = stock.count_public_id(p_region_id, x.count_id)
      where m.region_id = p_region_id and m.sku_id = l.sku_id and m.movement_id > e.mark_movement_id
        and m.warehouse_id = l.warehouse_id and m.lot_id = l.lot_id and m.kind = 'count'
        and m.document is distinct from stock.count_public_id(p_region_id, l.count_id)) o
   cross join lateral (
     select o.is_later or exists (
              select from stock.count_lines x
                join stock.count_entries g on g.region_id = p_region_id and g.entry_id = x.entry_id
               where x.region_id = p_region_id and x.lot_id = l.lot_id and x.warehouse_id = l.warehouse_id and x.count_id <> l.count_id
                 and x.status = 'approved' and g.mark_movement_id > e.mark_movement_id) as is_later) n
   where l.region_id = p_region_id and l.count_id = any (p_count_ids) and l.status = 'counted';
$$;

grant execute on function stock.count_deltas(smallint, bigint[]) to scoville_definer;
