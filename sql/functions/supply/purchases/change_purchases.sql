-- The common part of the commands of purchases. Repeats get their stored result. The others are locked together, carried out one after the
-- other, answered with the purchase, and stored. Orders whose promised day changes are told at the end.
-- Lock order: lots that a delivery names first (supply.read_deliveries), before any level, as api.receive_stock does; then stock_levels of
-- all purchases, the purchases (supply.lock_purchases), and the orders that wait.
create or replace function supply.change_purchases(
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
  v_request record;
  v_purchase supply.purchases;
  v_refusal api.refusal;
  v_document json;
  v_found jsonb;  -- purchase ids by ordinal
  v_ids bigint[];
  v_drafts stock.draft[] := '{}';
  v_skus text[] := array(select distinct i.value ->> 'sku_id' from jsonb_array_elements(p_requests) e
                          cross join jsonb_array_elements(coalesce(nullif(e.value -> 'items', 'null'), '[]')) i
                          where p_route = 'save_purchases' and i.value ->> 'sku_id' is not null);
  v_promises jsonb;
  v_saved record;
begin
  select coalesce(jsonb_object_agg(e.ordinality, supply.find_purchase(p_region_id, e.value ->> 'purchase_id')), '{}') into v_found
    from jsonb_array_elements(p_requests) with ordinality e
   where e.ordinality <> all (select r.ordinal from unnest(v_results) r);
  v_ids := array(select distinct k.value::bigint from jsonb_each_text(v_found) k where k.value is not null);
  if p_route = 'receive_purchases' then
    select d.p_drafts, v_results || d.p_refusals into v_drafts, v_results
      from supply.read_deliveries(p_region_id => p_region_id, p_requests => p_requests, p_found => v_found) d;
  end if;
  perform supply.lock_purchases(p_region_id => p_region_id, p_purchase_ids => v_ids, p_sku_ids => v_skus);
  v_skus := v_skus || array(select l.sku_id from supply.purchase_lines l where l.region_id = p_region_id and l.purchase_id = any (v_ids));
  v_promises := orders.lock_promises(p_region_id, v_skus);
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request, (v_found ->> e.ordinality::text)::bigint as purchase_id
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    select p.* into v_purchase from supply.purchases p where p.region_id = p_region_id and p.purchase_id = v_request.purchase_id;
    if p_route = 'save_purchases' then
      select s.p_purchase, s.refusal into v_saved
        from supply.save_purchase(p_region_id => p_region_id, p_purchase => v_purchase, p_request => v_request.request) s;
      v_purchase := v_saved.p_purchase;
      v_refusal := v_saved.refusal;
    else
      v_refusal := case p_route
        when 'order_purchases' then supply.order_purchase(v_purchase, v_request.request)
        when 'close_purchases' then supply.close_purchase(v_purchase, v_request.request)
        else supply.receive_purchase(p_purchase => v_purchase, p_request => v_request.request, p_drafts => array(
               select d from unnest(v_drafts) d where (d.element ->> 'request')::integer = v_request.ordinal order by d.ordinal)) end;
    end if;
    -- A separate statement, because it must see the rows that the change wrote.
    select d.document into v_document from supply.purchase_details(p_region_id, array[v_purchase.purchase_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform orders.emit_promises(p_region_id => p_region_id, p_sku_ids => v_skus, p_old => v_promises);
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function supply.change_purchases(smallint, text, jsonb) to scoville_definer;
