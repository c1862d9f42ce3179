-- Receives a delivery: good units on hand, damaged ones on hand and withheld, refused ones never on hand. All of them are open and incoming no
-- more; what comes in addition never was. Units of a lot that cannot be sold are on hand and unavailable.
-- Lock order: the caller has locked the levels and the purchase.
create or replace function supply.receive_purchase(
  p_purchase supply.purchases,
  p_request jsonb,
  p_drafts stock.draft[]
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_refusal api.refusal := supply.refuse_delivery(p_purchase => p_purchase, p_request => p_request, p_drafts => p_drafts);
  v_receipt supply.receipts;
  v_movements stock.movement[];
  v_written integer;
  v_came jsonb := (  -- by SKU and condition; read by key, because a join with an array would read all of it for each line
    select coalesce(jsonb_object_agg(s.sku_id, s.units), '{}')
      from (select c.sku_id, jsonb_object_agg(c.condition, c.units) as units
              from (select d.sku_id, d.element ->> 'condition' as condition, sum(d.counted) as units from unnest(p_drafts) d group by 1, 2) c
             group by c.sku_id) s);
begin
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  insert into supply.receipts as r
    (region_id, purchase_id, warehouse_id, delivery_note, delivery_key, received_at, note, created_at, changed_by, change_reason, request_id)
  select p_purchase.region_id, p_purchase.purchase_id, p_purchase.warehouse_id, p_request ->> 'delivery_note',
         app.code_key(p_request ->> 'delivery_note'), coalesce(stock.came_at(p_request, z.time_zone), app.now()), p_request ->> 'note', app.now(),
         p_drafts[1].actor, 'received', p_drafts[1].request_id
    from catalog.zones() z
   where z.warehouse_id = p_purchase.warehouse_id
  returning r.* into v_receipt;
  insert into supply.receipt_lines (region_id, receipt_id, line_no, warehouse_id, sku_id, lot_id, quantity, condition, reason_code)
  select p_purchase.region_id, v_receipt.receipt_id, (d.element ->> 'item')::integer, p_purchase.warehouse_id, d.sku_id, d.lot_id, d.counted,
         d.element ->> 'condition', coalesce(d.element ->> 'said', case d.element ->> 'condition' when 'damaged' then 'damaged' end)
    from unnest(p_drafts) d
   order by d.ordinal;
  get diagnostics v_written = row_count;
  if v_written <> cardinality(p_drafts) then
    raise exception using errcode = 'internal_error', message = 'units of a delivery without their line';
  end if;
  v_movements := supply.delivery_movements(p_receipt => v_receipt, p_drafts => p_drafts);
  update supply.purchase_lines l
     set received = l.received + coalesce((v_came -> l.sku_id ->> 'good')::bigint, 0),
         damaged = l.damaged + coalesce((v_came -> l.sku_id ->> 'damaged')::bigint, 0),
         refused = l.refused + coalesce((v_came -> l.sku_id ->> 'refused')::bigint, 0),
         over = greatest(0, l.received + l.damaged + l.refused + l.canceled - l.quantity + coalesce((v_came -> l.sku_id ->> 'good')::bigint, 0)
                + coalesce((v_came -> l.sku_id ->> 'damaged')::bigint, 0) + coalesce((v_came -> l.sku_id ->> 'refused')::bigint, 0))
   where l.region_id = p_purchase.region_id and l.purchase_id = p_purchase.purchase_id and v_came ? l.sku_id;
  p_purchase := supply.follow_lines(supply.mark_purchase(p_purchase => p_purchase, p_request => p_request, p_reason => 'received',
    p_status => p_purchase.status));
  if cardinality(v_movements) > 0 then
    perform stock.post_movements(p_region_id => p_purchase.region_id, p_movements => v_movements);
  end if;
  perform supply.emit_purchase(p_purchase => p_purchase, p_type => 'purchase.received', p_more => jsonb_build_object('receipt',
    supply.receipt_document(v_receipt)));
  return null;
end
$$;

grant execute on function supply.receive_purchase(supply.purchases, jsonb, stock.draft[]) to scoville_definer;
