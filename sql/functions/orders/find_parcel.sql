-- The parcel of an order that a request names, if it left a warehouse of the caller.
create or replace function orders.find_parcel(
  p_region_id smallint,
  p_order_id bigint,
  p_request jsonb,
  out parcel orders.fulfillments,
  out refusal api.refusal
)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if p_order_id is null then
    refusal := orders.refuse_missing(p_region_id, p_request ->> 'order_id');
    return;
  end if;
  select f.* into parcel
    from orders.fulfillments f
   where f.region_id = p_region_id and f.order_id = p_order_id
     and 'FUL-' || f.region_id || '-' || f.fulfillment_id = p_request ->> 'fulfillment_id'
     and (app.reaches_all_warehouses() or f.warehouse_id = any (app.claim_warehouses()));
  if parcel.fulfillment_id is null then
    refusal := app.refuse_lines('OR012', format('Order %s has no parcel %s, or it is not of your warehouses. The order lists its parcels.',
      p_request ->> 'order_id', p_request ->> 'fulfillment_id'));
  end if;
end
$$;

grant execute on function orders.find_parcel(smallint, bigint, jsonb) to scoville_definer;
