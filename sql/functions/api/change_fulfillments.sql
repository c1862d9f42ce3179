-- Definer: no role may write to a table; this function corrects what is noted about parcels that have left. Staff correct those of
-- their own warehouses.
-- Lock order: orders, in key order; nothing of stock changes.
create or replace function api.change_fulfillments(
  p_region_id smallint,
  p_changes jsonb
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'change_fulfillments',
    p_requests => p_changes);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_refusal api.refusal;
  v_document json;
begin
  perform from orders.orders o
   where o.region_id = p_region_id and o.order_id = any (array(
           select orders.find_order(p_region_id, e.value ->> 'order_id') from jsonb_array_elements(p_changes) e))
   order by o.order_id
     for no key update;
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request,
           orders.find_order(p_region_id, e.value ->> 'order_id') as order_id
      from jsonb_array_elements(p_changes) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    v_refusal := orders.change_parcel(p_region_id => p_region_id, p_order_id => v_request.order_id,
      p_request => v_request.request);
    -- A separate statement, because it must see the rows that the change wrote.
    select d.document into v_document from orders.documents(p_region_id, array[v_request.order_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.change_fulfillments(smallint, jsonb) is
  'Corrects parcels. An array of {order_id, fulfillment_id, tracking_number, note, if_match}; absent members stay. One result per '
  'element, in order: the order, or the refusal.
Errors: ID001 ID002 OR002 OR011 OR012 ST009';
alter function api.change_fulfillments(smallint, jsonb) owner to scoville_definer;
grant execute on function api.change_fulfillments(smallint, jsonb) to admin, warehouse;
