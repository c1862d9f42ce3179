-- Drafts a purchase (p_purchase null), or changes this one, which is locked. Absent members stay as they are; items change or add the lines of
-- the SKUs that they name. The supplier and the warehouse do not change: that would be another purchase.
create or replace function supply.save_purchase(
  p_region_id smallint,
  inout p_purchase supply.purchases,
  p_request jsonb,
  out refusal api.refusal
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_is_new boolean := not p_request ? 'purchase_id';
  v_old jsonb;
begin
  refusal := coalesce(case when v_is_new then supply.refuse_draft(p_region_id, p_request)
    else supply.refuse_purchase(p_purchase => p_purchase, p_request => p_request, p_statuses => '{draft,ordered,partially_received}') end,
    supply.refuse_items(p_purchase => p_purchase, p_items => nullif(p_request -> 'items', 'null')));
  if refusal.code is not null then
    return;
  end if;
  v_old := supply.terms_of(p_purchase);
  if v_is_new then
    insert into supply.purchases as p
      (region_id, supplier_id, warehouse_id, expected_on, supplier_reference, note, created_at, updated_at, changed_by, change_reason, request_id)
    values (p_region_id, p_request ->> 'supplier_id', p_request ->> 'warehouse_location', (p_request ->> 'expected_on')::date,
            p_request ->> 'supplier_reference', p_request ->> 'note', v_now, v_now, v_actor, 'drafted', v_request_id)
    returning p.* into p_purchase;
  else
    update supply.purchases p
       set expected_on = case when p_request ? 'expected_on' then (p_request ->> 'expected_on')::date else p.expected_on end,
           supplier_reference = case when p_request ? 'supplier_reference' then p_request ->> 'supplier_reference' else p.supplier_reference end,
           note = case when p_request ? 'note' then p_request ->> 'note' else p.note end,
           version = p.version + 1, updated_at = v_now, changed_by = v_actor, change_reason = 'changed', request_id = v_request_id
     where p.region_id = p_region_id and p.purchase_id = p_purchase.purchase_id
    returning p.* into p_purchase;
  end if;
  perform supply.write_items(p_purchase, coalesce(nullif(p_request -> 'items', 'null'), '[]'));
  if p_purchase.status <> 'draft' then
    p_purchase := supply.follow_lines(p_purchase);
    perform supply.emit_purchase(p_purchase => p_purchase, p_type => 'purchase.changed', p_more => jsonb_build_object('old', v_old));
  end if;
end
$$;

grant execute on function supply.save_purchase(smallint, supply.purchases, jsonb) to scoville_definer;
