-- Definer: staff may not write to any table; this function cancels counts.
create or replace function api.cancel_counts(
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
  select r.* from stock.change_counts(p_region_id => p_region_id, p_route => 'cancel_counts', p_requests => p_requests) r;
$$;

comment on function api.cancel_counts(smallint, jsonb) is
  'Cancels counts. Nothing is posted; entries stay, for the record. An array of {count_id, note}; one result per element, in order.
Errors: ID001 ID002 ST009 TA001 TA002';
alter function api.cancel_counts(smallint, jsonb) owner to scoville_definer;
grant execute on function api.cancel_counts(smallint, jsonb) to admin, warehouse;
