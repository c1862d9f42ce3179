-- Definer: no role may write to a table; this function opens, renames and closes warehouses.
create or replace function api.save_warehouses(
  p_warehouses jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json, created boolean)
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select s.* from catalog.save_all(p_noun => 'warehouses', p_key => 'warehouse_id', p_elements => p_warehouses) s order by s.ordinal;
$$;

comment on function api.save_warehouses(jsonb) is
  'Creates, changes or retires warehouses. An array of {warehouse_id, name, region_id, active, mode, if_match, '
  'if_none_match}. One result per element, in order; created: the warehouse is new. Absent members stay (mode put: get '
  'their defaults; retire: only active changes).
Errors: SK001 SK002 SK003 SK004 ST009 VA001';
alter function api.save_warehouses(jsonb) owner to scoville_definer;
grant execute on function api.save_warehouses(jsonb) to admin;
