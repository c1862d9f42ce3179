-- Definer: no role may write to a table; this function maintains the SKUs of the catalog.
create or replace function api.save_skus(
  p_skus jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json, created boolean)
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select s.* from catalog.save_all(p_noun => 'skus', p_key => 'sku_id', p_elements => p_skus) s order by s.ordinal;
$$;

comment on function api.save_skus(jsonb) is
  'Creates, changes or retires SKUs. An array of {sku_id, name, description, size_ml, flavor_profile, price, currency, '
  'reorder_point, attributes, active, mode, if_match, if_none_match}. price null: no list price. Of an existing SKU, an admin alone '
  'sets currency and active, removes a price, and leaves the bound around the price that an admin set last. One result per '
  'element, in order; created: the SKU is new. Absent members stay (mode put: get their defaults; retire: only active '
  'changes).
Errors: KT001 KT002 SK002 SK003 SK004 SK005 ST009 ST010 VA001';
alter function api.save_skus(jsonb) owner to scoville_definer;
grant execute on function api.save_skus(jsonb) to admin, sales;
