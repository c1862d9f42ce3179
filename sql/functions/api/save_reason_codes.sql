-- Definer: nobody holds a write right on a table; this is the way to keep the reasons for changing stock.
create or replace function api.save_reason_codes(
  p_reason_codes jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json, created boolean)
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select s.* from catalog.save_all(p_noun => 'reason-codes', p_key => 'reason_code', p_elements => p_reason_codes) s order by s.ordinal;
$$;

comment on function api.save_reason_codes(jsonb) is
  'Makes, changes or retires reason codes. An array of {reason_code, description, direction, note_required, active, mode, '
  'if_match, if_none_match}. A result for each, in order; created: it was not there before. What an object leaves out '
  'stays as it is (mode put: gets its default; retire: nothing but active changes).';
alter function api.save_reason_codes(jsonb) owner to scoville_definer;
grant execute on function api.save_reason_codes(jsonb) to admin;
