-- Definer: no role may write to a table; this function changes orders.
-- The orders are changed one after the other under the locks of all, so an order may take units that an earlier one released.
-- Lock order: stock_levels of all orders and of units that they may want in addition, then reservations, then orders
-- (orders.lock_orders).
create or replace function api.modify_orders(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'modify_orders',
    p_requests => p_changes);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_refusal api.refusal;
  v_document json;
  v_demands stock.demand[];
begin
  p_changes := orders.name_components(p_changes);
  v_demands := orders.read_demands(p_region_id, p_changes);
  perform orders.lock_orders(p_region_id => p_region_id,
    p_order_ids => array(select distinct orders.find_order(p_region_id, e.value ->> 'order_id')
            from jsonb_array_elements(p_changes) with ordinality e
           where e.ordinality <> all (select r.ordinal from unnest(v_results) r)),
    p_demands => v_demands);
  -- As it is now, under the locks: an order may have got a bundle of other components.
  if not orders.read_demands(p_region_id, p_changes) <@ v_demands then
    raise exception using errcode = 'serialization_failure', message = 'an order was changed in the meantime';
  end if;
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request,
           orders.find_order(p_region_id, e.value ->> 'order_id') as order_id
      from jsonb_array_elements(p_changes) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    v_refusal := orders.modify_order(p_region_id => p_region_id, p_order_id => v_request.order_id,
      p_request => v_request.request);
    -- A separate statement, because it must see the rows that the change wrote.
    select d.document into v_document from orders.documents(p_region_id, array[v_request.order_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.modify_orders(smallint, jsonb) is
  'Changes orders while anything is open: lines (what was shipped stays), customer and note. An array of {order_id, items, '
  'customer, note, total_price, reason, if_match}; absent members stay, items are replaced as a whole. One result per element, in '
  'order: the order, or the refusal.
Errors: ID001 ID002 OR001 OR002 OR006 OR007 OR008 OR010 OR011 ST001 ST002 ST009 VA001';
alter function api.modify_orders(smallint, jsonb) owner to scoville_definer;
grant execute on function api.modify_orders(smallint, jsonb) to admin, sales, integration;
