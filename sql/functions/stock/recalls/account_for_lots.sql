-- What became of the units of these lots, by the ledger alone:
-- received = on_hand + in_transit + shipped - returned + written_off + unexplained.
create or replace function stock.account_for_lots(
  p_region_id smallint,
  p_lot_ids bigint[]
)
  returns table (lot_id bigint, sku_id text, received bigint, on_hand bigint, in_transit bigint, shipped bigint, returned bigint,
                 written_off bigint, unexplained bigint)
  language sql
  stable
  set search_path = ''
as $$
  select t.lot_id, t.sku_id, s.received, s.on_hand, s.in_transit, s.shipped, s.returned, s.written_off,
         s.received - s.on_hand - s.in_transit - s.shipped + s.returned - s.written_off
    from stock.lots t
   cross join lateral (
     select coalesce(sum(m.on_hand_delta) filter (where m.kind = 'receipt'), 0) as received, coalesce(sum(m.on_hand_delta), 0) as on_hand,
            coalesce(sum(m.incoming_delta) filter (where m.kind in ('expect', 'transfer_in')), 0) as in_transit,
            coalesce(-sum(m.on_hand_delta) filter (where m.kind in ('fulfill', 'unfulfill')), 0) as shipped,
            coalesce(sum(m.on_hand_delta) filter (where m.kind = 'return'), 0) as returned,
            -- What is lost on its way leaves no shelf: it is incoming no more.
            coalesce(-sum(m.on_hand_delta + m.incoming_delta) filter (where m.kind in ('scrap', 'send_back')
              or m.kind in ('adjustment', 'expect') and m.reason_code = any (array['damaged', 'scrapped', 'expired', 'recalled', 'promotion', 'quality_control', 'sent_back'])), 0) as written_off
       from stock.stock_movements m
      where m.region_id = p_region_id and m.lot_id = t.lot_id and (m.on_hand_delta <> 0 or m.incoming_delta <> 0)) s
   where t.region_id = p_region_id and t.lot_id = any (p_lot_ids);
$$;

grant execute on function stock.account_for_lots(smallint, bigint[]) to scoville_definer;
