-- Definer: no role may write to a table; this function recalls lots: one transaction holds every unit, moves every promise and freezes the lists.
-- Lock order: as stock.lock_recall; then reservations and orders. Elements are carried out one after the other.
create or replace function api.recall_lots(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'recall_lots', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_read record;
  v_id bigint;
  v_started timestamptz;
  v_document json;
begin
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    v_started := clock_timestamp();
    select r.lot_ids, r.refusal into v_read from stock.read_recall(p_region_id, v_request.request) r;
    v_document := null;
    if (v_read.refusal).code is null then
      perform stock.lock_recall(p_region_id, v_read.lot_ids);
      v_id := stock.carry_out_recall(p_region_id => p_region_id, p_lot_ids => v_read.lot_ids, p_request => v_request.request,
        p_started_at => v_started);
      select d.document into v_document from stock.recall_documents(p_region_id, array[v_id]) d;
    end if;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_read.refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.recall_lots(smallint, jsonb) is
  'Recalls lots, wherever their units are: all at once they are held, promises move to good lots by age or wait, and the lists of parcels, '
  'orders and places are frozen. An array of {lots: [{sku_id, batch_numbers}], person, reason_code, note, reallocate}; one result per element, '
  'in order. Lots of an open recall join it.
Errors: ID001 ID002 RC001 ST004 ST005 ST006 VA001';
alter function api.recall_lots(smallint, jsonb) owner to scoville_definer;
grant execute on function api.recall_lots(smallint, jsonb) to admin;
