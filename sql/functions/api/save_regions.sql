-- Definer: no role may write to a table; this function changes regions.
create or replace function api.save_regions(
  p_regions jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json, created boolean)
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select s.* from catalog.save_all(p_noun => 'regions', p_key => 'region_id', p_elements => p_regions) s order by s.ordinal;
$$;

comment on function api.save_regions(jsonb) is
  'Changes regions. An array of {region_id, name, time_zone, expiry_notice_days, backdating_days_max, mode patch, if_match}. One '
  'result per element, in order. A new time zone moves lots in or out of sale in the same transaction.
Errors: SK001 ST009 VA001';
alter function api.save_regions(jsonb) owner to scoville_definer;
grant execute on function api.save_regions(jsonb) to admin;
