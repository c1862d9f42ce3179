-- Definer: staff may not write to any table; this function keeps units back from sale.
-- Lock order: as stock.lock_to_change, once for the whole batch.
create or replace function api.set_safety_stock(
  p_region_id smallint,
  p_elements jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_elements);
  v_results api.result[] := array(
    select s from identity.check_keys(p_region_id => p_region_id, p_route => 'set_safety_stock', p_keys => v_keys) s);
  v_drafts stock.draft[];
  v_draft stock.draft;
  v_refusals api.result[];
  v_refusal api.refusal;
  v_warehouses text[];
  v_skus text[];
begin
  select d.p_drafts, d.p_refusals into v_drafts, v_refusals
    from stock.read_drafts(p_region_id => p_region_id, p_elements => p_elements,
           p_skip => array(select r.ordinal from unnest(v_results) r), p_reason_code => 'correction',
           p_quantity => 'safety_stock', p_may_create => false, p_sku_in_path => true) d;
  v_results := v_results || v_refusals;
  select coalesce(array_agg(k.warehouse_id), '{}'), coalesce(array_agg(k.sku_id), '{}')
    into v_warehouses, v_skus
    from (select distinct d.warehouse_id, d.sku_id from unnest(v_drafts) d) k;
  perform stock.lock_to_change(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus);
  foreach v_draft in array v_drafts loop
    v_refusal := stock.change_safety_stock(p_region_id, v_draft);
    -- A separate statement, because it must see the rows that the change wrote.
    v_results := v_results || app.result_of(p_ordinal => v_draft.ordinal, p_refusal => v_refusal,
      p_document => stock.level_document(p_region_id, v_draft));
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_route => 'set_safety_stock', p_keys => v_keys,
    p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.set_safety_stock(smallint, jsonb) is
  'Sets how many units of a SKU a warehouse keeps back from sale. An array of {sku_id, warehouse_location, safety_stock, '
  'reason_code, note, if_match}; one result per element, in order: the current level.
Errors: ID001 ID002 ST001 ST003 ST004 ST005 ST009 ST010 VA001';
alter function api.set_safety_stock(smallint, jsonb) owner to scoville_definer;
grant execute on function api.set_safety_stock(smallint, jsonb) to admin, warehouse;
