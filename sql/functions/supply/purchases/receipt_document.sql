-- A delivery as a document.
create or replace function supply.receipt_document(
  p_receipt supply.receipts
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object(
           'receipt_id', supply.receipt_public_id(p_receipt.region_id, p_receipt.receipt_id), 'delivery_note', p_receipt.delivery_note,
           'received_at', app.rfc3339(p_receipt.received_at), 'note', p_receipt.note,
           'items', coalesce(json_agg(json_build_object('sku_id', l.sku_id, 'batch_number', t.batch_number, 'expiration_date', t.expiration_date,
             'quantity', l.quantity, 'condition', l.condition, 'reason_code', l.reason_code) order by l.line_no), '[]'))
    from supply.receipt_lines l
    left join lateral (
      select n.batch_number, n.expiration_date from stock.lots n where n.region_id = l.region_id and n.lot_id = l.lot_id limit 1) t on true
   where l.region_id = p_receipt.region_id and l.receipt_id = p_receipt.receipt_id;
$$;

grant execute on function supply.receipt_document(supply.receipts) to scoville_definer, admin, warehouse;
