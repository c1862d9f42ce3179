-- Definer: no role may write to a table; this function carries out recalls and takes them back: only its evidence stays.
create or replace function api.drill_recalls(
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
  select r.* from stock.run_recalls(p_region_id => p_region_id, p_route => 'drill_recalls', p_requests => p_requests) r;
$$;

comment on function api.drill_recalls(smallint, jsonb) is
  'Drills recalls: does everything that a recall does, measures it, takes it back, and keeps the evidence: the lists, their digest, the seconds, '
  'and how much is accounted for. An array of elements as of recall_lots; one result per element, in order.
Errors: ID001 ID002 RC001 RT005 ST004 ST005 ST006 VA001';
alter function api.drill_recalls(smallint, jsonb) owner to scoville_definer;
grant execute on function api.drill_recalls(smallint, jsonb) to admin;
