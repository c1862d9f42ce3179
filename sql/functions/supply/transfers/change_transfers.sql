-- The common part of ship_transfers, receive_transfers and close_transfers. Repeats get their stored result. The others are locked together,
-- carried out one after the other, answered with the transfer, and stored. Orders whose promised day changes are told at the end. Staff need one
-- end for what they do; what they do changes the other end too. Until it is done, the claims include that one: the caller did not choose it, and
-- gets no access to it.
-- Lock order: stock_levels of all transfers, then the transfers (supply.lock_transfers), then the orders that wait for their units.
create or replace function supply.change_transfers(
  p_region_id smallint,
  p_route text,
  p_requests jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => p_route, p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_claim text[] := app.claim_warehouses();
  v_all boolean := app.reaches_all_warehouses();
  v_request record;
  v_transfer supply.transfers;
  v_refusal api.refusal;
  v_document json;
  v_found jsonb;  -- by ordinal, with the claims of the caller alone
  v_ids bigint[];
  v_ends text[];
  v_skus text[];
  v_promises jsonb;
begin
  select coalesce(jsonb_object_agg(e.ordinality, supply.find_transfer(p_region_id, e.value ->> 'transfer_id')), '{}') into v_found
    from jsonb_array_elements(p_requests) with ordinality e
   where e.ordinality <> all (select r.ordinal from unnest(v_results) r);
  select coalesce(array_agg(f.transfer_id), '{}'), coalesce(array_agg(f.from_warehouse_id) || array_agg(f.to_warehouse_id), '{}')
    into v_ids, v_ends
    from supply.transfers f
   where f.region_id = p_region_id and f.transfer_id in (select k.value::bigint from jsonb_each_text(v_found) k)
     and (v_all or p_route = 'close_transfers'
          or case p_route when 'ship_transfers' then f.from_warehouse_id else f.to_warehouse_id end = any (v_claim));
  perform set_config('scoville.warehouses', array(select unnest(v_claim) union select unnest(v_ends))::text, true);
  perform supply.lock_transfers(p_region_id => p_region_id, p_transfer_ids => v_ids, p_with_source => p_route <> 'receive_transfers');
  v_skus := array(select distinct l.sku_id from supply.transfer_lines l where l.region_id = p_region_id and l.transfer_id = any (v_ids));
  v_promises := orders.lock_promises(p_region_id, v_skus);
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request, (v_found ->> e.ordinality::text)::bigint as transfer_id
      from jsonb_array_elements(p_requests) with ordinality e
     where v_found ? e.ordinality::text
     order by e.ordinality
  loop
    select f.* into v_transfer from supply.transfers f where f.region_id = p_region_id and f.transfer_id = v_request.transfer_id;
    v_refusal := case
      when v_transfer.transfer_id is null then supply.refuse_missing_transfer(v_request.request ->> 'transfer_id')
      when v_transfer.transfer_id = any (v_ids) then null
      when p_route = 'ship_transfers' then supply.refuse_end(v_transfer.from_warehouse_id, 'ship it')
      else supply.refuse_end(v_transfer.to_warehouse_id, 'receive it') end;
    if v_refusal.code is null then
      v_refusal := case p_route
        when 'ship_transfers' then supply.ship_transfer(v_transfer, v_request.request)
        when 'receive_transfers' then supply.receive_transfer(v_transfer, v_request.request)
        else supply.close_transfer(p_transfer => v_transfer, p_request => v_request.request,
               p_takes_back => v_all or v_transfer.from_warehouse_id = any (v_claim)) end;
    end if;
    -- A separate statement, because it must see the rows that the change wrote.
    select d.document into v_document from supply.transfer_details(p_region_id, array[v_request.transfer_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform orders.emit_promises(p_region_id => p_region_id, p_sku_ids => v_skus, p_old => v_promises);
  perform set_config('scoville.warehouses', coalesce(v_claim::text, ''), true);
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function supply.change_transfers(smallint, text, jsonb) to scoville_definer;
