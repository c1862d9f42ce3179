-- Orders a draft: its units are incoming from now on. The purchase is locked.
create or replace function supply.order_purchase(
  p_purchase supply.purchases,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_refusal api.refusal := supply.refuse_purchase(p_purchase => p_purchase, p_request => p_request, p_statuses => '{draft}');
begin
  if v_refusal.code is null and not exists (
    select from supply.purchase_lines l
     where l.region_id = p_purchase.region_id and l.purchase_id = p_purchase.purchase_id and l.quantity > 0)
  then
    v_refusal := app.refuse('SU004', 'The purchase has no units. Change its items first.');
  end if;
  if v_refusal.code is null then
    p_purchase := supply.mark_purchase(p_purchase => p_purchase, p_request => p_request, p_reason => 'ordered', p_status => 'ordered');
    update supply.purchase_lines l
       set is_ordered = true
     where l.region_id = p_purchase.region_id and l.purchase_id = p_purchase.purchase_id;
    perform supply.post_expected(p_purchase, '{}');
    perform supply.emit_purchase(p_purchase => p_purchase, p_type => 'purchase.ordered');
  end if;
  return v_refusal;
end
$$;

grant execute on function supply.order_purchase(supply.purchases, jsonb) to scoville_definer;
