-- Definer: no role may write to a table; this function maintains the packagings of SKUs.
create or replace function api.save_packagings(
  p_packagings jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json, created boolean)
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select s.* from catalog.save_all(p_noun => 'packagings', p_key => 'packaging_id', p_elements => p_packagings) s order by s.ordinal;
$$;

comment on function api.save_packagings(jsonb) is
  'Creates, changes or retires packagings. An array of {packaging_id, sku_id, name, units, gtin, weight_g, active, mode, if_match, '
  'if_none_match}. sku_id and units never change; gtin has 8, 12, 13 or 14 digits and is kept with 14. One result per element, in '
  'order; created: the packaging is new. Absent members stay (mode put: get their defaults; retire: only active changes).
Errors: PK001 PK002 SK001 SK002 SK003 SK004 ST002 ST009 VA001';
alter function api.save_packagings(jsonb) owner to scoville_definer;
grant execute on function api.save_packagings(jsonb) to admin;
