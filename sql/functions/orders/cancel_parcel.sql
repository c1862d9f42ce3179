-- Undoes a parcel of a locked order: it did not leave. Its units come back to their lots and are promised to the order again. A parcel
-- that is already undone stays as it is. A cancellation of the rest leaves behind parts of bundles that were begun: which of them came
-- back, nobody could say. Returns a refusal, or null on success.
-- Lock order: the caller has locked levels and order; then lots and lot_levels (stock.post_movements).
create or replace function orders.cancel_parcel(
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
  v_reason text := app.clean(p_request ->> 'reason');
  v_order orders.orders;
  v_parcel orders.fulfillments;
  v_found record;
begin
  v_found := orders.find_parcel(p_region_id => p_region_id, p_order_id => p_order_id, p_request => p_request);
  v_parcel := v_found.parcel;
  if (v_found.refusal).code is not null or v_parcel.canceled_at is not null then
    return v_found.refusal;
  end if;
  select o.* into v_order from orders.orders o where o.region_id = p_region_id and o.order_id = p_order_id;
  if not orders.is_version(p_request ->> 'if_match', v_order.version) then
    return app.refuse('ST009', 'This order changed since you read it. Read it again and decide again.');
  elsif coalesce(v_reason, '') = '' then
    return app.refuse(p_code => 'VA001', p_pointer => '/reason', p_detail => 'Say why the parcel is undone: reason is missing.');
  elsif exists (select from orders.order_lines l
                 cross join lateral jsonb_to_recordset(l.components) as c (quantity bigint, fulfilled bigint)
                 where l.region_id = p_region_id and l.order_id = p_order_id
                   and c.fulfilled > (l.quantity - l.canceled_quantity) * c.quantity) then
    return app.refuse('KT006', 'Bundles of this order that were begun were canceled, so units of its parcels cannot be promised to it again. Book what did '
      'not leave as found (POST /v1/inventory/adjust).');
  elsif exists (
    select from orders.return_lines l
      join orders.returns r on r.region_id = l.region_id and r.return_id = l.return_id and r.status <> 'refused'
     where l.region_id = p_region_id and l.fulfillment_id = v_parcel.fulfillment_id and l.given_up < l.quantity) then
    return app.refuse_lines('RT007', 'Units of this parcel are announced as a return, so it left. Refuse or close the return first.');
  end if;
  perform orders.unship_parcel(p_region_id => p_region_id, p_order => v_order, p_parcel => v_parcel,
    p_reason => concat_ws(': ', v_reason, p_request ->> 'note'),
    p_actor => coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject()),
    p_request_id => coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id()));
  return null;
end
$$;

grant execute on function orders.cancel_parcel(smallint, bigint, jsonb) to scoville_definer;
