-- Definer: no role may write to a table; this function cancels orders. Releases exactly the units that are not fulfilled. An order
-- that is already canceled, whole or the rest of it, is returned as it is, so PUT may be repeated.
-- Lock order: stock_levels, then orders (orders.lock_orders).
create or replace function api.cancel_orders(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'cancel_orders',
    p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_found jsonb;
  v_named bigint[];  -- joins name them as an array, too: how many a jsonb names nobody knows when a plan is made
  v_stale integer[];
  v_ids bigint[];
begin
  select coalesce(jsonb_object_agg(e.ordinality, orders.find_order(p_region_id, e.value ->> 'order_id')), '{}')
    into v_found
    from jsonb_array_elements(p_requests) with ordinality e
   where e.ordinality <> all (select r.ordinal from unnest(v_results) r);
  v_named := array(select distinct f.value::bigint from jsonb_each_text(v_found) f where f.value is not null);
  perform orders.lock_orders(p_region_id, v_named);
  v_stale := array(
    select f.key::integer
      from jsonb_each_text(v_found) f
      join orders.orders o on o.region_id = p_region_id and o.order_id = f.value::bigint and o.order_id = any (v_named)
     where not orders.is_version(p_requests -> (f.key::integer - 1) ->> 'if_match', o.version));
  v_ids := array(
    select distinct o.order_id
      from jsonb_each_text(v_found) f
      join orders.orders o on o.region_id = p_region_id and o.order_id = f.value::bigint and o.order_id = any (v_named)
     where o.status not in ('canceled', 'completed') and f.key::integer <> all (v_stale));
  perform orders.release_orders(p_region_id => p_region_id, p_order_ids => v_ids, p_requests => p_requests, p_found => v_found);
  v_results := v_results || array(
    select app.result_of(p_ordinal => f.key::integer, p_document => d.document, p_refusal => case
             when o.order_id is null then orders.refuse_missing(
               p_region_id, p_requests -> (f.key::integer - 1) ->> 'order_id')
             when f.key::integer = any (v_stale) then app.refuse(
               'ST009', 'This order changed since you read it. Read it again and decide again.')
             when o.status = 'completed' and o.fulfillment_status = 'fulfilled' then app.refuse_lines(
               'OR003', 'The order is fulfilled: no units are left to cancel. Receive goods back as a return.') end)
      from jsonb_each_text(v_found) f
      left join orders.orders o on o.region_id = p_region_id and o.order_id = f.value::bigint and o.order_id = any (v_named)
      left join orders.documents(p_region_id, v_named) d on d.order_id = o.order_id);
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.cancel_orders(smallint, jsonb) is
  'Cancels orders. An array of {order_id, reason, note, if_match}; one result per element, in order. Unfulfilled units become '
  'available. An order of which something was shipped becomes completed, with canceled units.
Errors: ID001 ID002 OR002 OR003 OR011 ST009';
alter function api.cancel_orders(smallint, jsonb) owner to scoville_definer;
grant execute on function api.cancel_orders(smallint, jsonb) to admin, sales, integration;
