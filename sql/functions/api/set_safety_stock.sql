-- Definer: staff may not write to any table; this function keeps units back from sale.
create or replace function api.set_safety_stock(
  p_region_id smallint,
  p_elements jsonb
)
  returns setof api.result
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select r.* from stock.run_settings(p_region_id => p_region_id, p_route => 'set_safety_stock', p_elements => p_elements,
           p_member => 'safety_stock') r;
$$;

comment on function api.set_safety_stock(smallint, jsonb) is
  'Sets how many units of a SKU a warehouse keeps back from sale. An array of {sku_id, warehouse_location, safety_stock, '
  'reason_code, note, if_match}; one result per element, in order: the current level.
Errors: ID001 ID002 KT003 ST001 ST003 ST004 ST005 ST009 ST010 VA001';
alter function api.set_safety_stock(smallint, jsonb) owner to scoville_definer;
grant execute on function api.set_safety_stock(smallint, jsonb) to admin, warehouse;
