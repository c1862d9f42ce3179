-- Definer: staff may not write to any table; this function says when a warehouse is low of a SKU.
create or replace function api.set_reorder_point(
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
  select r.* from stock.run_settings(p_region_id => p_region_id, p_route => 'set_reorder_point', p_elements => p_elements,
           p_member => 'reorder_point') r;
$$;

comment on function api.set_reorder_point(smallint, jsonb) is
  'Sets how many available units of a SKU make a warehouse low of it; null: it has no reorder point of its own. An array of '
  '{sku_id, warehouse_location, reorder_point, reason_code, note, if_match}; one result per element, in order: the current level.
Errors: ID001 ID002 KT003 ST003 ST004 ST005 ST009 ST010 VA001';
alter function api.set_reorder_point(smallint, jsonb) owner to scoville_definer;
grant execute on function api.set_reorder_point(smallint, jsonb) to admin, warehouse;
