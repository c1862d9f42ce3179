-- The common part of set_safety_stock and set_reorder_point: p_member is safety_stock or reorder_point.
-- Lock order: as stock.lock_to_change, once for the whole batch.
create or replace function stock.run_settings(
  p_region_id smallint,
  p_route text,
  p_elements jsonb,
  p_member text
)
  returns setof api.result
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => p_route, p_requests => p_elements);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
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
           p_quantity => p_member, p_may_create => false, p_sku_in_path => true) d;
  v_results := v_results || v_refusals;
  select coalesce(array_agg(k.warehouse_id), '{}'), coalesce(array_agg(k.sku_id), '{}')
    into v_warehouses, v_skus
    from (select distinct d.warehouse_id, d.sku_id from unnest(v_drafts) d) k;
  perform stock.lock_to_change(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus);
  foreach v_draft in array v_drafts loop
    v_refusal := case p_member when 'safety_stock' then stock.change_safety_stock(p_region_id, v_draft)
                               else stock.change_reorder_point(p_region_id, v_draft) end;
    -- A separate statement, because it must see the rows that the change wrote.
    v_results := v_results || app.result_of(p_ordinal => v_draft.ordinal, p_refusal => v_refusal,
      p_document => stock.level_document(p_region_id, v_draft));
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function stock.run_settings(smallint, text, jsonb, text) to scoville_definer;
