-- Definer: no role may write to a table; this function closes recalls. The lots stay recalled.
create or replace function api.close_recalls(
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
  select r.* from stock.change_recalls(p_region_id => p_region_id, p_route => 'close_recalls', p_requests => p_requests) r;
$$;

comment on function api.close_recalls(smallint, jsonb) is
  'Closes recalls. Their lots stay recalled. An array of {recall_id, note, if_match}; one result per element, in order.
Errors: ID001 ID002 RC002 RC004 ST009';
alter function api.close_recalls(smallint, jsonb) owner to scoville_definer;
grant execute on function api.close_recalls(smallint, jsonb) to admin;
