-- Definer: staff may not write to any table; this function records counts.
create or replace function api.set_stock(
  p_region_id smallint,
  p_counts jsonb
)
  returns setof api.result
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select r.* from stock.run_changes(p_region_id => p_region_id, p_route => 'set_stock', p_elements => p_counts,
                      p_reason_code => 'cycle_count') r;
$$;

comment on function api.set_stock(smallint, jsonb) is
  'Sets quantities to the counted units. An array of {sku_id, warehouse_location, stock, batch_number, reason_code, note, '
  'change_from_quantity, if_match}; one result per element, in order.
Errors: ID001 ID002 KT003 PK003 ST001 ST003 ST004 ST005 ST006 ST007 ST008 ST009 ST010 ST014 ST015 ST020 VA001';
alter function api.set_stock(smallint, jsonb) owner to scoville_definer;
grant execute on function api.set_stock(smallint, jsonb) to admin, warehouse;
