-- Definer: staff may not write to any table; this function ships transfers: units leave the source.
create or replace function api.ship_transfers(
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
  select r.* from supply.change_transfers(p_region_id => p_region_id, p_route => 'ship_transfers', p_requests => p_requests) r;
$$;

comment on function api.ship_transfers(smallint, jsonb) is
  'Ships transfers: units leave the source by lot, and are in transit. Only available ones, or (withheld) those that cannot be sold; without items, what was '
  'drafted. An array of {transfer_id, items: [{sku_id, quantity, batch_number, withheld}], note, if_match}; one result per element, in order. Staff of '
  'the source.
Errors: ID001 ID002 KT003 SH003 ST001 ST002 ST003 ST007 ST009 TR001 TR002 TR003 TR005 VA001';
alter function api.ship_transfers(smallint, jsonb) owner to scoville_definer;
grant execute on function api.ship_transfers(smallint, jsonb) to admin, warehouse;
