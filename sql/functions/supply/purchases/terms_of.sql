-- What an event of a change names as old and new: the day, the reference and the lines of a purchase.
create or replace function supply.terms_of(
  p_purchase supply.purchases
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select jsonb_build_object('expected_on', p_purchase.expected_on, 'supplier_reference', p_purchase.supplier_reference, 'note', p_purchase.note,
           'items', coalesce(jsonb_agg(jsonb_build_object('sku_id', l.sku_id, 'quantity', l.quantity, 'expected_on', l.expected_on)
           order by l.line_no), '[]'))
    from supply.purchase_lines l
   where l.region_id = p_purchase.region_id and l.purchase_id = p_purchase.purchase_id;
$$;

grant execute on function supply.terms_of(supply.purchases) to scoville_definer;
