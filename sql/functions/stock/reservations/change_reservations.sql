-- What extend_reservations and release_reservations share: repeats get their kept answer; the others are locked together,
-- changed one after the other, answered with the reservation as it is then, and remembered.
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
  v_keys identity.key[] := identity.read_keys(p_requests);
  v_results api.result[] := array(select s from identity.check_keys(p_region_id, p_route, v_keys) s);
  v_request record;
  v_refusal record;
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
      select c.code, c.body into v_refusal
        from stock.extend_reservation(p_region_id, v_request.reservation_id, v_request.request) c;
    else
      select c.code, c.body into v_refusal
        from stock.release_reservation(p_region_id, v_request.reservation_id, v_request.request) c;
    end if;
    -- A statement of its own: it must see what the change wrote.
    select d.document into v_document from stock.reservation_documents(p_region_id, array[v_request.reservation_id]) d;
    v_results := v_results || row(v_request.ordinal, v_refusal.code, false,
                                  coalesce(v_refusal.body::json, v_document))::api.result;
  end loop;
  perform identity.keep_answers(p_region_id, p_route, v_keys, v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function stock.change_reservations(smallint, text, jsonb) to scoville_definer;
