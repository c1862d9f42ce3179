-- Definer: staff may not write to any table; this function sets units aside.
create or replace function api.withhold_stock(
  p_region_id smallint,
  p_requests jsonb
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'withhold_stock', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_drafts stock.draft[];
  v_refusals api.result[];
  v_changed record;
begin
  select d.p_drafts, d.p_refusals into v_drafts, v_refusals
    from stock.read_withholdings(p_region_id => p_region_id, p_requests => p_requests,
           p_skip => array(select r.ordinal from unnest(v_results) r)) d;
  v_drafts := stock.name_lots(p_region_id, v_drafts);
  select c.p_accepted as accepted, c.p_refusals as refusals into v_changed from stock.change_levels(p_region_id, v_drafts) c;
  v_results := v_results || v_refusals || v_changed.refusals || array(
    select app.new_result(p_ordinal => a.ordinal, p_body => d.document)
      from unnest(v_changed.accepted) a
      join stock.withholding_documents(p_region_id, array(select n.withholding_id from unnest(v_changed.accepted) n)) d
        on d.withholding_id = a.withholding_id);
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.withhold_stock(smallint, jsonb) is
  'Sets units of a lot aside, whatever is promised: they stay on hand, and nothing sells them until it is said what becomes of them. An array '
  'of {sku_id, warehouse_location, batch_number, quantity, cause, reason_code, note, reference}; one result per element, in order.
Errors: ID001 ID002 KT003 ST001 ST002 ST003 ST004 ST005 ST006 ST007 ST015 ST020 VA001';
alter function api.withhold_stock(smallint, jsonb) owner to scoville_definer;
grant execute on function api.withhold_stock(smallint, jsonb) to admin, warehouse;
