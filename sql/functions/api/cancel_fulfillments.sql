-- Definer: no role may write to a table; this function undoes parcels that have not left. Staff undo those of their own warehouses.
-- Lock order: stock_levels of all orders, then orders (orders.lock_orders), then lots and lot_levels.
create or replace function api.cancel_fulfillments(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'cancel_fulfillments',
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
    v_refusal := orders.cancel_parcel(p_region_id => p_region_id, p_order_id => v_order_ids[i], p_request => p_requests -> i - 1);
    -- A separate statement, because it must see the rows that the change wrote.
    select d.document into v_document from orders.documents(p_region_id, array[v_order_ids[i]]) d;
    v_results := v_results || app.result_of(p_ordinal => i, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.cancel_fulfillments(smallint, jsonb) is
  'Undoes parcels that did not leave: their units are on hand again, in the same lots, and promised to the order. An array of {order_id, '
  'fulfillment_id, reason, note, if_match}; one result per element, in order: the order, or the refusal. A parcel that is already '
  'undone stays as it is.
Errors: ID001 ID002 KT006 OR002 OR011 OR012 RT007 ST009 VA001';
alter function api.cancel_fulfillments(smallint, jsonb) owner to scoville_definer;
grant execute on function api.cancel_fulfillments(smallint, jsonb) to admin, warehouse;
