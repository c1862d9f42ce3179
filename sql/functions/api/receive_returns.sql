-- Definer: staff may not write to any table; this function books units that came back.
-- Lock order: levels in key order (stock.lock_to_change), then returns in key order, then lots and lot_levels.
create or replace function api.receive_returns(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'receive_returns', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_answered integer[] := array(select r.ordinal from unnest(v_results) r);
  v_ids bigint[] := array(
    select case when e.ordinality <> all (v_answered) then orders.find_return(p_region_id, e.value ->> 'return_id') end
      from jsonb_array_elements(p_requests) with ordinality e
     order by e.ordinality);
  v_refusal api.refusal;
  v_document json;
begin
  perform stock.lock_to_change(p_region_id => p_region_id, p_warehouse_ids => coalesce(array_agg(k.warehouse_id), '{}'),
            p_sku_ids => coalesce(array_agg(k.sku_id), '{}'))
    from (select distinct l.warehouse_id, l.sku_id
            from orders.return_lines l
           where l.region_id = p_region_id and l.return_id = any (v_ids)) k;
  perform orders.lock_returns(p_region_id, v_ids);
  for i in 1 .. cardinality(v_ids) loop
    continue when i = any (v_answered);
    v_refusal := orders.receive_return(p_region_id => p_region_id, p_return_id => v_ids[i], p_request => p_requests -> i - 1);
    select d.document into v_document from orders.return_documents(p_region_id, array[v_ids[i]]) d;
    v_results := v_results || app.result_of(p_ordinal => i, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.receive_returns(smallint, jsonb) is
  'Books units of approved returns that came: on hand and withheld, never available by this call. An array of {return_id, items: [{sku_id, '
  'quantity, batch_number or unreadable}], note, if_match}; one result per element, in order. A lot that the parcel does not name is taken as '
  'found and marked wrong_lot; unreadable units come to lot UNKNOWN of their SKU.
Errors: ID001 ID002 RT001 RT003 RT004 ST007 ST009 VA001';
alter function api.receive_returns(smallint, jsonb) owner to scoville_definer;
grant execute on function api.receive_returns(smallint, jsonb) to admin, warehouse;
