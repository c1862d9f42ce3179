-- Definer: staff hold no write right on any table; this is their way to keep units back from sale.
-- Lock order: as stock.lock_to_change, once for the whole batch.
create or replace function api.set_safety_stock(
  p_region_id smallint,
  p_elements jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json)
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_elements);
  v_results api.result[] := array(select s from identity.check_keys(p_region_id, 'set_safety_stock', v_keys) s);
  v_drafts stock.draft[];
  v_draft stock.draft;
  v_warehouses text[];
  v_skus text[];
begin
  v_drafts := array(
    select d from stock.read_drafts(p_region_id, p_elements, 'correction', false, true) d
     where d.ordinal <> all (select r.ordinal from unnest(v_results) r)
     order by d.ordinal);
  select coalesce(array_agg(k.warehouse_id), '{}'), coalesce(array_agg(k.sku_id), '{}')
    into v_warehouses, v_skus
    from (select distinct d.warehouse_id, d.sku_id from unnest(v_drafts) d where d.code is null) k;
  perform stock.lock_to_change(p_region_id, v_warehouses, v_skus);
  foreach v_draft in array v_drafts loop
    if v_draft.code is null then
      v_draft := stock.change_safety_stock(p_region_id, v_draft);
    end if;
    v_results := v_results || row(v_draft.ordinal, v_draft.code, false,
                                  coalesce(v_draft.body::json, stock.level_document(p_region_id, v_draft)))::api.result;
  end loop;
  perform identity.keep_answers(p_region_id, 'set_safety_stock', v_keys, v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.set_safety_stock(smallint, jsonb) is
  'Sets how many units of a SKU a warehouse keeps back from sale. An array of {sku_id, warehouse_location, safety_stock, '
  'reason_code, note, if_match}; a result for each, in order: the level as it is now.
Errors: ID001 ID002 ST001 ST003 ST004 ST005 ST009 ST010 VA001';
alter function api.set_safety_stock(smallint, jsonb) owner to scoville_definer;
grant execute on function api.set_safety_stock(smallint, jsonb) to admin, warehouse;
