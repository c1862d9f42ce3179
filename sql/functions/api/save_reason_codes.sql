-- Definer: no role may write to a table; this function maintains the reasons for changing stock.
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
  'Creates, changes or retires reason codes. An array of {reason_code, description, direction, takes, note_required, active, '
  'mode, if_match, if_none_match}. takes: which units it takes away (any, sellable, expired, recalled). One result per element, '
  'in order; created: the reason code is new. Absent members stay (mode put: get their defaults; retire: only active changes).
Errors: SK001 SK002 SK003 ST009 VA001';
alter function api.save_reason_codes(jsonb) owner to scoville_definer;
grant execute on function api.save_reason_codes(jsonb) to admin;
