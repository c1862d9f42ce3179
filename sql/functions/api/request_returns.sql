-- Definer: no role may write to a table; this function announces returns.
-- Lock order: orders in key order, so that the units of a parcel are announced once.
create or replace function api.request_returns(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'request_returns', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_answered integer[] := array(select r.ordinal from unnest(v_results) r);
  v_order_ids bigint[] := array(
    select case when e.ordinality <> all (v_answered) and e.value ->> 'order_id' is not null
                then orders.find_order(p_region_id, e.value ->> 'order_id') end
      from jsonb_array_elements(p_requests) with ordinality e
     order by e.ordinality);
  v_made record;
  v_document json;
begin
  perform from orders.orders o
   where o.region_id = p_region_id and o.order_id = any (v_order_ids)
   order by o.order_id
     for no key update;
  for i in 1 .. cardinality(v_order_ids) loop
    continue when i = any (v_answered);
    select m.made_id as return_id, m.refusal into v_made
      from orders.request_return(p_region_id => p_region_id, p_order_id => v_order_ids[i], p_request => p_requests -> i - 1) m;
    select d.document into v_document from orders.return_documents(p_region_id, array[v_made.return_id]) d;
    v_results := v_results || app.result_of(p_ordinal => i, p_refusal => v_made.refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.request_returns(smallint, jsonb) is
  'Announces units that come back: of an order, at most what was shipped; or, with a note, without one. An array of {order_id, channel, '
  'warehouse_location, items: [{sku_id, quantity, fulfillment_id}], reason, note, person}; one result per element, in order.
Errors: ID001 ID002 KT003 OR002 OR008 OR009 OR011 RT002 ST002 ST003 VA001';
alter function api.request_returns(smallint, jsonb) owner to scoville_definer;
grant execute on function api.request_returns(smallint, jsonb) to admin, sales, integration;
