-- Definer: no role may write to a table; this function notes what came back.
create or replace function api.recover_recalls(
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
  select r.* from stock.change_recalls(p_region_id => p_region_id, p_route => 'recover_recalls', p_requests => p_requests) r;
$$;

comment on function api.recover_recalls(smallint, jsonb) is
  'Notes units of parcels of a recall that came back or were destroyed. An array of {recall_id, items: [{fulfillment_id, sku_id, batch_number, '
  'quantity}], note, if_match}; one result per element, in order. Units that are received again are a return.
Errors: ID001 ID002 RC002 RC003 RC004 ST009 VA001';
alter function api.recover_recalls(smallint, jsonb) owner to scoville_definer;
grant execute on function api.recover_recalls(smallint, jsonb) to admin;
