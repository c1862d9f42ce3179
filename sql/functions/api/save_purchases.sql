-- Definer: no role may write to a table; this function drafts purchases and changes what is open of them.
create or replace function api.save_purchases(
  p_region_id smallint,
  p_requests jsonb
)
  returns setof api.result
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select r.* from supply.change_purchases(p_region_id => p_region_id, p_route => 'save_purchases', p_requests => p_requests) r;
$$;

comment on function api.save_purchases(smallint, jsonb) is
  'Drafts purchases, or changes them (with purchase_id; absent members stay, items change or add the lines of their SKUs). Once it was ordered, incoming '
  'follows, and orders that wait get another promised day. An array of {purchase_id, supplier_id, warehouse_location, items: [{sku_id, quantity, '
  'expected_on}], expected_on, supplier_reference, note, if_match}; one result per element, in order.
Errors: ID001 ID002 KT003 ST002 ST003 ST009 SU001 SU002 SU004 SU007 VA001';
alter function api.save_purchases(smallint, jsonb) owner to scoville_definer;
grant execute on function api.save_purchases(smallint, jsonb) to admin;
