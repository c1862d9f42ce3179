-- Definer: no role may write to a table; this function recalls lots: one transaction holds every unit, moves every promise and freezes the lists.
create or replace function api.recall_lots(
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
  select r.* from stock.run_recalls(p_region_id => p_region_id, p_route => 'recall_lots', p_requests => p_requests) r;
$$;

comment on function api.recall_lots(smallint, jsonb) is
  'Recalls lots, wherever their units are: all at once they are held, promises move to good lots by age or wait, and the lists of parcels, '
  'orders and places are frozen. An array of {lots: [{sku_id, batch_numbers}], person, reason_code, note, reallocate}; one result per element, '
  'in order. Lots of an open recall join it.
Errors: ID001 ID002 RC001 RT005 ST004 ST005 ST006 VA001';
alter function api.recall_lots(smallint, jsonb) owner to scoville_definer;
grant execute on function api.recall_lots(smallint, jsonb) to admin;
