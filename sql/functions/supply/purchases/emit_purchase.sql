-- The event of a change of a purchase: the purchase as it was ordered, and p_more. That of a delivery has only the items of the delivery: an event
-- has a limit, and a purchase may have a thousand lines.
create or replace function supply.emit_purchase(
  p_purchase supply.purchases,
  p_type text,
  p_more jsonb default '{}'
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_id text := supply.purchase_public_id(p_purchase.region_id, p_purchase.purchase_id);
begin
  perform events.emit(p_region_id => p_purchase.region_id, p_type => p_type, p_subject => 'purchases/' || v_id, p_channel_id => null,
    p_warehouse_ids => array[p_purchase.warehouse_id], p_version => p_purchase.version,
    p_data => jsonb_build_object('purchase_id', v_id, 'supplier_id', p_purchase.supplier_id, 'warehouse_location', p_purchase.warehouse_id,
      'status', p_purchase.status, 'version', p_purchase.version, 'updated_at', app.rfc3339(p_purchase.updated_at))
      || case p_type when 'purchase.received' then supply.terms_of(p_purchase) - 'items' else supply.terms_of(p_purchase) end || p_more,
    p_actor => p_purchase.changed_by, p_request_id => p_purchase.request_id);
end
$$;

grant execute on function supply.emit_purchase(supply.purchases, text, jsonb) to scoville_definer;
