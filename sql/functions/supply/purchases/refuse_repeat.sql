-- The refusal of a delivery note that the purchase has already, or null: the same delivery counts once, whoever sends it.
create or replace function supply.refuse_repeat(
  p_purchase supply.purchases,
  p_request jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select app.refuse(p_code => 'SU005', p_pointer => '/delivery_note', p_detail => format(
           'Delivery note %s of %s was received already, as %s.', r.delivery_note, p_request ->> 'purchase_id',
           supply.receipt_public_id(r.region_id, r.receipt_id)),
           p_facts => jsonb_build_object('receipt_id', supply.receipt_public_id(r.region_id, r.receipt_id)))
    from supply.receipts r
   where r.region_id = p_purchase.region_id and r.purchase_id = p_purchase.purchase_id
     and r.delivery_key = app.code_key(p_request ->> 'delivery_note');
$$;

grant execute on function supply.refuse_repeat(supply.purchases, jsonb) to scoville_definer;
