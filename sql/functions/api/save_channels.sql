-- Definer: nobody holds a write right on a table; this is the way to open a sales channel and to say which
-- warehouses serve it, in which order.
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
  'Makes, changes or retires channels. An array of {channel_id, name, kind, pricing, hold_share_max, region_id, warehouses, active, mode, '
  'if_match, if_none_match}; warehouses stand in the order in which they are asked. A result for each, in order; created: '
  'it was not there before. What an object leaves out stays as it is (mode put: gets its default; retire: nothing but '
  'active changes).';
alter function api.save_channels(jsonb) owner to scoville_definer;
grant execute on function api.save_channels(jsonb) to admin;
