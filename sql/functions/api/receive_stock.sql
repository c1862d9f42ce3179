-- Definer: staff may not write to any table; this function receives stock.
create or replace function api.receive_stock(
  p_region_id smallint,
  p_receipts jsonb
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'receive_stock', p_requests => p_receipts);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_drafts stock.draft[];
  v_refusals api.result[];
begin
  select d.p_drafts, d.p_refusals into v_drafts, v_refusals
    from stock.read_receipts(p_region_id => p_region_id, p_receipts => p_receipts,
           p_skip => array(select r.ordinal from unnest(v_results) r)) d;
  if cardinality(v_drafts) > 0 then
    perform stock.post_movements(p_region_id, array(
      select stock.new_movement(p_warehouse_id => d.warehouse_id, p_sku_id => d.sku_id,
               p_kind => case d.reason_code when 'return' then 'return' else 'receipt' end,
               p_delta => stock.new_counters(p_on_hand => d.counted), p_lot_id => d.lot_id,
               p_reason_code => d.reason_code, p_note => d.note, p_document => d.document, p_actor => d.actor,
               p_request_id => d.request_id, p_occurred_at => stock.came_at(d.element, z.time_zone),
               p_withheld => case when d.counted > 0 and d.reason_code = 'return' then d.counted end,
               p_withholding_id => case when d.counted > 0 then d.withholding_id end,
               p_cause => case when d.reason_code = 'return' then 'returned' end)
        from unnest(v_drafts) d
        join catalog.zones() z on z.warehouse_id = d.warehouse_id
       order by d.ordinal));
  end if;
  v_results := v_results || v_refusals || array(
    select app.new_result(p_ordinal => d.ordinal, p_body => stock.receipt_document(p_region_id, d)) from unnest(v_drafts) d);
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.receive_stock(smallint, jsonb) is
  'Adds units of lots; an admin''s receipt creates a new SKU, warehouse or lot. An array of SKU-and-batch objects; one result '
  'per element, in order. An expired lot is received as expired: on hand, never available. Units that come back (reason return) are withheld. '
  'received_on (a day in the warehouse) or occurred_at (a moment): when the goods came, if that was before now.
Errors: ID001 ID002 KT003 SK004 ST002 ST003 ST004 ST005 ST006 ST011 ST012 ST014 ST015 ST019 VA001';
alter function api.receive_stock(smallint, jsonb) owner to scoville_definer;
grant execute on function api.receive_stock(smallint, jsonb) to admin, warehouse;
