-- Definer: no role may write to a table; this function takes lots out of sale, puts them back and corrects their dates.
-- Lock order: stock_levels of all the lots, then lots (stock.lock_lots), then lot_levels.
create or replace function api.change_batches(
  p_region_id smallint,
  p_changes jsonb
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'change_batches', p_requests => p_changes);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_drafts stock.draft[];
  v_draft stock.draft;
  v_refusal api.refusal;
  v_document json;
begin
  v_drafts := stock.read_lot_changes(p_region_id => p_region_id, p_changes => p_changes,
    p_skip => array(select r.ordinal from unnest(v_results) r));
  perform stock.lock_lots(p_region_id, array(
    select distinct d.lot_id from unnest(v_drafts) d where d.lot_id is not null));
  foreach v_draft in array v_drafts loop
    v_refusal := stock.change_lot(p_region_id, v_draft);
    -- A separate statement, because it must see the rows that the change wrote.
    select d.document into v_document from stock.lot_documents(p_region_id, array[v_draft.lot_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_draft.ordinal, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.change_batches(smallint, jsonb) is
  'Sets the status of lots: available, on_hold, quarantined, recalled, damaged or (without units) destroyed; or corrects their '
  'dates (an admin, with reason and note). An array of {sku_id, batch_number, status, expiration_date, manufactured_on, '
  'reason_code, note, if_match}; one result per element, in order. Units of a lot that is not available, or has expired, are on '
  'hand and cannot be sold.
Errors: ID001 ID002 RT005 ST004 ST005 ST006 ST009 ST016 ST017 ST018 ST019 VA001';
alter function api.change_batches(smallint, jsonb) owner to scoville_definer;
grant execute on function api.change_batches(smallint, jsonb) to admin, warehouse;
