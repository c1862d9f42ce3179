-- The movements of a delivery, by its items in their order: what is open of a line is incoming until it comes. The lines are not changed yet.
create or replace function supply.delivery_movements(
  p_receipt supply.receipts,
  p_drafts stock.draft[]
)
  returns stock.movement[]
  language sql
  volatile
  set search_path = ''
as $$
  select coalesce(array_agg(
           stock.new_movement(p_warehouse_id => p_receipt.warehouse_id, p_sku_id => m.sku_id,
             p_kind => case m.condition when 'refused' then 'expect' else 'receipt' end,
             p_delta => stock.new_counters(p_on_hand => case m.condition when 'refused' then 0 else m.counted end, p_incoming => m.incoming),
             p_lot_id => case when m.condition <> 'refused' then m.lot_id end,
             p_reason_code => case m.condition when 'good' then 'received' when 'damaged' then coalesce(m.said, 'damaged') else m.said end,
             p_note => m.note, p_document => supply.receipt_public_id(p_receipt.region_id, p_receipt.receipt_id), p_actor => m.actor,
             p_request_id => m.request_id, p_occurred_at => case when p_receipt.received_at < p_receipt.created_at then p_receipt.received_at end,
             p_withheld => case m.condition when 'damaged' then m.counted end,
             p_withholding_id => case m.condition when 'damaged' then nextval('stock.withholdings_withholding_id_seq') end,
             p_cause => case m.condition when 'damaged' then 'damaged' end) order by m.ordinal), '{}')
    from (select d.ordinal, d.sku_id, d.lot_id, d.counted, d.note, d.actor, d.request_id, d.element ->> 'condition' as condition,
                 d.element ->> 'said' as said,
                 (least(l.open_quantity, sum(d.counted) over so_far - d.counted) - least(l.open_quantity, sum(d.counted) over so_far))::bigint as incoming
            from unnest(p_drafts) d
            join supply.purchase_lines l
              on l.region_id = p_receipt.region_id and l.purchase_id = p_receipt.purchase_id and l.sku_id = d.sku_id
          window so_far as (partition by d.sku_id order by d.ordinal)) m
   where m.condition <> 'refused' or m.incoming <> 0;
$$;

grant execute on function supply.delivery_movements(supply.receipts, stock.draft[]) to scoville_definer;
