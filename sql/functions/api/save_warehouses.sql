-- Definer: nobody holds a write right on a table; this is the way to open, rename and close a warehouse.
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
  'Makes, changes or retires warehouses. An array of {warehouse_id, name, region_id, active, mode, if_match, '
  'if_none_match}. A result for each, in order; created: it was not there before. What an object leaves out stays as it '
  'is (mode put: gets its default; retire: nothing but active changes).';
alter function api.save_warehouses(jsonb) owner to scoville_definer;
grant execute on function api.save_warehouses(jsonb) to admin;
