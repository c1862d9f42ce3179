-- Definer: no role may write to a table; this function moves promised units of orders to other warehouses.
-- Lock order: as orders.lock_relocations.
create or replace function api.reallocate_orders(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'reallocate_orders', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_refusal api.refusal;
  v_document json;
begin
  perform orders.lock_relocations(p_region_id, (
    select coalesce(jsonb_agg(e.value), '[]')
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)));
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request,
           orders.find_order(p_region_id, e.value ->> 'order_id') as order_id
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    v_refusal := orders.relocate_units(p_region_id => p_region_id, p_order_id => v_request.order_id,
      p_request => v_request.request);
    -- A separate statement, because it must see the rows that the change wrote.
    select d.document into v_document from orders.documents(p_region_id, array[v_request.order_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.reallocate_orders(smallint, jsonb) is
  'Moves promised units to other warehouses. An array of {order_id, items: [{sku_id, quantity, from_warehouse_location, '
  'to_warehouse_location}], reason, if_match}; one result per element, in order: the order, or the refusal.
Errors: ID001 ID002 OR002 OR011 OR014 OR018 ST001 ST003 ST009 VA001';
alter function api.reallocate_orders(smallint, jsonb) owner to scoville_definer;
grant execute on function api.reallocate_orders(smallint, jsonb) to admin, warehouse, sales;
