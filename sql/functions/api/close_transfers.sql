-- Definer: staff may not write to any table; this function ends transfers whose units do not all arrive.
create or replace function api.close_transfers(
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
  select r.* from supply.change_transfers(p_region_id => p_region_id, p_route => 'close_transfers', p_requests => p_requests) r;
$$;

comment on function api.close_transfers(smallint, jsonb) is
  'Ends transfers. A draft is canceled. Of one that was shipped, each unit in transit is taken back (by staff of the source) or lost, as items and rest '
  'say. An array of {transfer_id, items: [{sku_id, batch_number, withheld, taken_back, lost}], rest (taken_back, lost), reason_code, note, if_match}; one '
  'result per element, in order.
Errors: ID001 ID002 ST004 ST005 ST006 ST009 TR001 TR002 TR003 TR004 TR005 VA001';
alter function api.close_transfers(smallint, jsonb) owner to scoville_definer;
grant execute on function api.close_transfers(smallint, jsonb) to admin, warehouse;
