-- Definer: no role may write to a table; this function maintains sales channels and the order of the warehouses that serve them.
create or replace function api.save_channels(
  p_channels jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json, created boolean)
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select s.* from catalog.save_all(p_noun => 'channels', p_key => 'channel_id', p_elements => p_channels) s order by s.ordinal;
$$;

comment on function api.save_channels(jsonb) is
  'Creates, changes or retires channels. An array of {channel_id, name, kind, pricing, hold_share_max, unpaid_minutes, region_id, warehouses, '
  'sale_rules, active, mode, if_match, if_none_match}; warehouses are tried in the given order. One result per element, in order; created: the channel '
  'is new. Absent members stay (mode put: get their defaults; retire: only active changes).
Errors: SK001 SK002 SK003 SK004 ST002 ST003 ST009 VA001';
alter function api.save_channels(jsonb) owner to scoville_definer;
grant execute on function api.save_channels(jsonb) to admin;
