-- Corrects the tracking number or the note of a parcel of a locked order. Returns a refusal, or null on success. Members that the
-- request leaves out stay; null removes them. A request without a change writes no version, audit or event.
-- Lock order: the caller has locked the order.
create or replace function orders.change_parcel(
  p_region_id smallint,
  p_order_id bigint,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_changed_at timestamptz;
  v_order orders.orders;
  v_old jsonb;
  v_parcel orders.fulfillments;
  v_new orders.fulfillments;
  v_found record;
begin
  v_found := orders.find_parcel(p_region_id => p_region_id, p_order_id => p_order_id, p_request => p_request);
  v_parcel := v_found.parcel;
  if (v_found.refusal).code is not null then
    return v_found.refusal;
  end if;
  select o.* into v_order from orders.orders o where o.region_id = p_region_id and o.order_id = p_order_id;
  if not orders.is_version(p_request ->> 'if_match', v_order.version) then
    return app.refuse('ST009', 'This order changed since you read it. Read it again and decide again.');
  end if;
  v_new := v_parcel;
  if p_request ? 'tracking_number' then
    v_new.tracking_number := p_request ->> 'tracking_number';
  end if;
  if p_request ? 'note' then
    v_new.note := p_request ->> 'note';
  end if;
  if v_new is not distinct from v_parcel then
    return null;
  end if;
  v_old := (select d.document from orders.documents(p_region_id => p_region_id, p_order_ids => array[p_order_id],
              p_complete => true) d);
  v_changed_at := orders.begin_change();
  update orders.fulfillments f
     set tracking_number = v_new.tracking_number, note = v_new.note, changed_by = v_actor, change_reason = 'corrected',
         request_id = v_request_id
   where f.region_id = p_region_id and f.fulfillment_id = v_parcel.fulfillment_id;
  update orders.orders o
     set version = o.version + 1, updated_at = v_changed_at, changed_by = v_actor, change_reason = 'parcel corrected',
         request_id = v_request_id
   where o.region_id = p_region_id and o.order_id = p_order_id;
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.modified', p_order_ids => array[p_order_id],
    p_old => jsonb_build_object(p_order_id, orders.modifiable_members(v_old)), p_more => '{"reason": null}');
  return null;
end
$$;

grant execute on function orders.change_parcel(smallint, bigint, jsonb) to scoville_definer;
