-- Ends a purchase: what is open is canceled and no longer incoming. A draft is canceled as a whole. The purchase is locked, so a delivery comes
-- before or after, and one that comes after is refused.
create or replace function supply.close_purchase(
  p_purchase supply.purchases,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_refusal api.refusal := supply.refuse_purchase(p_purchase => p_purchase, p_request => p_request,
    p_statuses => '{draft,ordered,partially_received,received}');
  v_before jsonb := (
    select coalesce(jsonb_object_agg(l.sku_id, l.open_quantity) filter (where l.is_ordered), '{}')
      from supply.purchase_lines l where l.region_id = p_purchase.region_id and l.purchase_id = p_purchase.purchase_id);
begin
  if v_refusal.code is null and coalesce(trim(p_request ->> 'reason'), '') = '' then
    v_refusal := app.refuse(p_code => 'VA001', p_pointer => '/reason', p_detail => 'Say why nothing more comes: reason is missing.');
  end if;
  if v_refusal.code is null then
    update supply.purchase_lines l
       set canceled = l.canceled + l.open_quantity
     where l.region_id = p_purchase.region_id and l.purchase_id = p_purchase.purchase_id and l.open_quantity > 0;
    p_purchase := supply.mark_purchase(p_purchase => p_purchase, p_request => p_request, p_reason => 'closed',
      p_status => case when p_purchase.status in ('draft', 'ordered') then 'canceled' else 'received' end);
    if v_before <> '{}' then
      perform supply.post_expected(p_purchase, v_before);
    end if;
    perform supply.emit_purchase(p_purchase => p_purchase, p_type => 'purchase.closed',
      p_more => jsonb_build_object('reason', p_request ->> 'reason'));
  end if;
  return v_refusal;
end
$$;

grant execute on function supply.close_purchase(supply.purchases, jsonb) to scoville_definer;
