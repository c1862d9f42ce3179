-- Definer: no role may write to a table; this function maintains the suppliers.
create or replace function api.save_suppliers(
  p_suppliers jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json, created boolean)
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select s.* from catalog.save_all(p_noun => 'suppliers', p_key => 'supplier_id', p_elements => p_suppliers) s order by s.ordinal;
$$;

comment on function api.save_suppliers(jsonb) is
  'Creates, changes or retires suppliers. An array of {supplier_id, name, lead_days, over_percent, active, mode, if_match, if_none_match}. '
  'over_percent: so many percent more than ordered are accepted. One result per element, in order; created: the supplier is new. Absent members '
  'stay (mode put: get their defaults; retire: only active changes).
Errors: SK001 SK002 SK003 SK004 ST009 VA001';
alter function api.save_suppliers(jsonb) owner to scoville_definer;
grant execute on function api.save_suppliers(jsonb) to admin;
