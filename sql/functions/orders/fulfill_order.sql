-- Ships (part of) one locked order, all or nothing. Returns a refusal, or null on success.
-- Lock order: lot_levels in key order (orders.pick_lots); the caller has locked levels and order.
create or replace function orders.fulfill_order(
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
  v_order orders.orders;
  v_shipped_at timestamptz := p_request ->> 'shipped_at';
  v_refusal api.refusal;
  v_split record;
  v_picked record;
begin
  select o.* into v_order from orders.orders o where o.region_id = p_region_id and o.order_id = p_order_id;
  if v_order.order_id is null then
    return orders.refuse_missing(p_region_id, p_request ->> 'order_id');
  end if;
  v_refusal := orders.refuse_shipment(v_order);
  if v_refusal.code is null and v_shipped_at is not null then
    v_refusal := orders.refuse_shipped_at(p_region_id => p_region_id, p_placed_at => v_order.placed_at, p_shipped_at => v_shipped_at);
  end if;
  if v_refusal.code is null and p_request
     @? '$.items[*] ? (exists (@.batch_number) || exists (@.lot_number) || exists (@.reason_code))' then
    v_refusal := orders.refuse_items(p_region_id, p_request);
  end if;
  if v_refusal.code is null then
    v_split := orders.split_request(p_region_id => p_region_id, p_order_id => p_order_id, p_request => p_request);
    v_refusal := v_split.refusal;
  end if;
  if v_refusal.code is null then
    v_refusal := orders.refuse_early(v_order.channel_id, v_split.parts);
  end if;
  if v_refusal.code is null then
    v_refusal := orders.refuse_fractions(p_region_id => p_region_id, p_order_id => p_order_id, p_parts => v_split.parts);
  end if;
  if v_refusal.code is null then
    v_picked := orders.pick_lots(p_region_id, v_split.parts);
    v_refusal := v_picked.refusal;
  end if;
  if v_refusal.code is null then
    perform orders.ship_picks(p_region_id => p_region_id, p_order => v_order, p_request => p_request, p_picks => v_picked.picks);
  end if;
  return v_refusal;
end
$$;

grant execute on function orders.fulfill_order(smallint, bigint, jsonb) to scoville_definer;
