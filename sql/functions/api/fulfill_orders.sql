-- Definer: no role may write to a table; this function ships orders. Staff ship from their own warehouses only; units come from the
-- lots that were scanned, or else from the sellable lot that expires first.
-- Lock order: stock_levels of all orders, then orders (orders.lock_orders), then lot_levels.
create or replace function api.fulfill_orders(
  p_region_id smallint,
  p_requests jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'fulfill_orders',
    p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_answered integer[] := array(select r.ordinal from unnest(v_results) r);
  v_order_ids bigint[] := array(
    select case when e.ordinality <> all (v_answered) then orders.find_order(p_region_id, e.value ->> 'order_id') end
      from jsonb_array_elements(p_requests) with ordinality e
     order by e.ordinality);
  v_refusal api.refusal;
  v_document json;
begin
  perform orders.lock_orders(p_region_id, v_order_ids);
  for i in 1 .. cardinality(v_order_ids) loop
    continue when i = any (v_answered);
    v_refusal := orders.fulfill_order(p_region_id => p_region_id, p_order_id => v_order_ids[i], p_request => p_requests -> i - 1);
    -- A separate statement, because it must see the rows that the shipment wrote.
    select d.document into v_document from orders.documents(p_region_id, array[v_order_ids[i]]) d;
    v_results := v_results || app.result_of(p_ordinal => i, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.fulfill_orders(smallint, jsonb) is
  'Ships orders, whole or in part. An array of {order_id, warehouse_location, items, shipped_at, tracking_number, note}; one result '
  'per element, in order. Without items all open units (at the caller''s warehouses) are shipped. An item, {sku_id, quantity, '
  'batch_number, reason_code}, names the lot that left, and why lots that expire earlier were passed over.
Errors: ID001 ID002 KT004 OR002 OR004 OR011 OR013 OR015 SH001 SH002 SH003 ST004 ST005 ST006 ST007 ST013 VA001';
alter function api.fulfill_orders(smallint, jsonb) owner to scoville_definer;
grant execute on function api.fulfill_orders(smallint, jsonb) to admin, warehouse;
