-- Definer: staff may not write to any table; this function asks for a recount.
create or replace function api.recount_counts(
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
  select r.* from stock.change_counts(p_region_id => p_region_id, p_route => 'recount_counts', p_requests => p_requests) r;
$$;

comment on function api.recount_counts(smallint, jsonb) is
  'Has counted lines counted again; their entries stay. An array of {count_id, lines: [{sku_id, batch_number}], note}; one result per element,
in order.
Errors: ID001 ID002 ST009 TA001 TA002 VA001';
alter function api.recount_counts(smallint, jsonb) owner to scoville_definer;
grant execute on function api.recount_counts(smallint, jsonb) to admin, warehouse;
