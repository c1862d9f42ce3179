-- The common part of extend_reservations and release_reservations. Repeats get their stored result. The others are locked together,
-- changed one after the other, answered with the changed reservation, and stored.
-- Lock order: stock_levels of all the reservations, then the reservations (stock.lock_reservations).
create or replace function stock.change_reservations(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => p_route,
    p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_refusal api.refusal;
  v_document json;
begin
  perform stock.lock_reservations(p_region_id, array(
    select distinct stock.find_reservation(p_region_id, e.value ->> 'reservation_id')
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)));
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request,
           stock.find_reservation(p_region_id, e.value ->> 'reservation_id') as reservation_id
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    if p_route = 'extend_reservations' then
      v_refusal := stock.extend_reservation(p_region_id => p_region_id, p_reservation_id => v_request.reservation_id,
        p_request => v_request.request);
    else
      v_refusal := stock.release_reservation(p_region_id => p_region_id, p_reservation_id => v_request.reservation_id,
        p_request => v_request.request);
    end if;
    -- A separate statement, because it must see the rows that the change wrote.
    select d.document into v_document from stock.reservation_documents(p_region_id, array[v_request.reservation_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function stock.change_reservations(smallint, text, jsonb) to scoville_definer;
