-- Definer: staff may not write to any table; this function drafts transfers and changes them. It tells the orders whose promised day changes.
-- Lock order: those in transit with their levels, then drafts (supply.lock_to_save), then the orders that wait for their units.
create or replace function api.save_transfers(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'save_transfers', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_saved record;
  v_document json;
  v_skus text[];
  v_promises jsonb;
begin
  v_skus := supply.lock_to_save(p_region_id, array(
    select f.found
      from jsonb_array_elements(p_requests) with ordinality e
     cross join lateral (select supply.find_transfer(p_region_id, e.value ->> 'transfer_id')) f (found)
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r) and f.found is not null));
  v_promises := orders.lock_promises(p_region_id, v_skus);
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    select s.transfer_id, s.refusal into v_saved
      from supply.save_transfer(p_region_id => p_region_id, p_request => v_request.request,
             p_transfer_id => supply.find_transfer(p_region_id, v_request.request ->> 'transfer_id')) s;
    -- A separate statement, because it must see the rows that the change wrote.
    select d.document into v_document from supply.transfer_details(p_region_id, array[v_saved.transfer_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_saved.refusal, p_document => v_document);
  end loop;
  perform orders.emit_promises(p_region_id => p_region_id, p_sku_ids => v_skus, p_old => v_promises);
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.save_transfers(smallint, jsonb) is
  'Drafts transfers between two warehouses, one of them the caller''s, or changes them (with transfer_id; absent members stay, items are replaced '
  'as a whole; once it was shipped only expected_on, reference and note). '
  'Moves no units. An array of {transfer_id, from_warehouse_location, to_warehouse_location, items: [{sku_id, quantity, batch_number, '
  'withheld}], status (draft, ready), reference, note, expected_on, if_match}; one result per element, in order.
Errors: ID001 ID002 KT003 ST002 ST003 ST007 ST009 TR001 TR002 VA001';
alter function api.save_transfers(smallint, jsonb) owner to scoville_definer;
grant execute on function api.save_transfers(smallint, jsonb) to admin, warehouse;
