-- Definer: staff may not write to any table; this function receives units in transit.
create or replace function api.receive_transfers(
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
  select r.* from supply.change_transfers(p_region_id => p_region_id, p_route => 'receive_transfers', p_requests => p_requests) r;
$$;

comment on function api.receive_transfers(smallint, jsonb) is
  'Receives units in transit, good or damaged; without items, all of them. An order that waits gets them first; damaged ones are withheld. An array of '
  '{transfer_id, items: [{sku_id, batch_number, withheld, received, damaged}], note, if_match}; one result per element, in order. Staff of the destination.
Errors: ID001 ID002 ST009 TR001 TR002 TR003 TR005 VA001';
alter function api.receive_transfers(smallint, jsonb) owner to scoville_definer;
grant execute on function api.receive_transfers(smallint, jsonb) to admin, warehouse;
