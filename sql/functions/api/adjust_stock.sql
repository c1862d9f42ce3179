-- Definer: staff may not write to any table; this function changes a quantity by hand.
create or replace function api.adjust_stock(
  p_region_id smallint,
  p_adjustments jsonb
)
  returns setof api.result
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select r.* from stock.run_changes(p_region_id => p_region_id, p_route => 'adjust_stock', p_elements => p_adjustments,
                      p_reason_code => null) r;
$$;

comment on function api.adjust_stock(smallint, jsonb) is
  'Changes quantities by a signed delta with a reason code. An array of {sku_id, warehouse_location, delta, reason_code, note, '
  'batch_number, change_from_quantity, reference}; one result per element, in order. Units that come back (reason return) are withheld.
Errors: ID001 ID002 KT003 ST001 ST002 ST003 ST004 ST005 ST006 ST007 ST008 ST014 ST015 ST020 VA001';
alter function api.adjust_stock(smallint, jsonb) owner to scoville_definer;
grant execute on function api.adjust_stock(smallint, jsonb) to admin, warehouse;
