-- The common part of confirm_orders, hold_orders and release_held_orders. Repeats get their stored result. The others are locked
-- together, changed one after the other, answered with the changed order, and stored.
-- Nothing of stock changes, but the levels are locked too: whoever holds them may rely on the status of the orders there, so none of
-- these crosses a cancellation by somebody who needs the units.
-- Lock order: stock_levels, then orders (orders.lock_orders).
create or replace function orders.change_statuses(
  p_region_id smallint,
  p_route text,
  p_requests jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => p_route, p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_refusal api.refusal;
  v_document json;
begin
  perform orders.lock_orders(p_region_id, array(
    select distinct orders.find_order(p_region_id, e.value ->> 'order_id')
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)));
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request,
           orders.find_order(p_region_id, e.value ->> 'order_id') as order_id
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    v_refusal := orders.change_status(p_region_id => p_region_id, p_order_id => v_request.order_id, p_route => p_route,
      p_request => v_request.request);
    -- A separate statement, because it must see the row that the change wrote.
    select d.document into v_document from orders.documents(p_region_id, array[v_request.order_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function orders.change_statuses(smallint, text, jsonb) to scoville_definer;
