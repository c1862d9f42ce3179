-- Definer: no role may write to a table; this function erases people.
-- Lock order: orders.erase_customer.
create or replace function api.erase_customers(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'erase_customers',
    p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_erased record;
begin
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    select * into v_erased from orders.erase_customer(p_region_id, v_request.request);
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_erased.refusal,
      p_document => v_erased.document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.erase_customers(smallint, jsonb) is
  'Erases people. An array of {email, order_ids, include_open, skip_missing}; one result per element, in order. Names, contacts, addresses, notes, '
  'reasons and tracking numbers of the orders with this e-mail, or of these orders, are gone from orders, audit, ledger, events and kept '
  'answers. Units, amounts and dates stay.
Errors: ID001 ID002 OR002 OR011 OR020 VA001';
alter function api.erase_customers(smallint, jsonb) owner to scoville_definer;
grant execute on function api.erase_customers(smallint, jsonb) to admin;
