-- SHA-256 of the frozen lists of a recall, in hex: two recalls of the same state have the same one, and a list that was changed has another.
create or replace function stock.recall_digest(
  p_region_id smallint,
  p_recall_id bigint
)
  returns text
  language sql
  stable
  set search_path = ''
as $$
  select encode(sha256(convert_to(coalesce(string_agg(s.line, E'\n' order by s.line collate "C"), ''), 'UTF8')), 'hex')
    from (
      select concat_ws(';', 'lot', l.lot_id, l.received, l.on_hand, l.in_transit, l.shipped, l.returned, l.written_off, l.unexplained) as line
        from stock.recall_lots l
       where l.region_id = p_region_id and l.recall_id = p_recall_id
       union all
      select concat_ws(';', 'place', p.lot_id, p.warehouse_id, p.units, p.in_transit, p.transfers)
        from stock.recall_places p
       where p.region_id = p_region_id and p.recall_id = p_recall_id
       union all
      select concat_ws(';', 'parcel', c.fulfillment_id, c.lot_id, c.order_id, c.quantity, c.assumed)
        from stock.recall_parcels c
       where c.region_id = p_region_id and c.recall_id = p_recall_id
       union all
      select concat_ws(';', 'order', o.order_id, o.sku_id, o.moved, o.waiting)
        from stock.recall_orders o
       where o.region_id = p_region_id and o.recall_id = p_recall_id) s;
$$;

grant execute on function stock.recall_digest(smallint, bigint) to scoville_definer;
