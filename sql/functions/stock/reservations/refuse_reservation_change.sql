-- The refusal of a caller's change of a (locked) reservation: it is not found, belongs to somebody else, or has another version than
-- the caller saw. Null if the caller may change it.
create or replace function stock.refuse_reservation_change(
  p_region_id smallint,
  p_reservation_id bigint,
  p_request jsonb,
  p_pointer text default ''
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_owner text;
  v_etag text;
begin
  if p_reservation_id is null then
    return app.refuse(p_code => 'RV001', p_pointer => p_pointer,
      p_detail => format('Reservation %s does not exist or is not yours.', p_request ->> 'reservation_id'));
  end if;
  select r.owner, d.etag into v_owner, v_etag
    from stock.reservations r
    join stock.reservation_documents(p_region_id, array[p_reservation_id]) d on d.reservation_id = r.reservation_id
   where r.region_id = p_region_id and r.reservation_id = p_reservation_id;
  if v_owner <> coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject()) and app.claim_role() <> 'admin' then
    return app.refuse(p_code => 'RV003', p_pointer => p_pointer,
      p_detail => 'Somebody else made this reservation: only its owner or an admin may change it.');
  elsif p_request ->> 'if_match' <> '*' and p_request ->> 'if_match' <> v_etag then
    return app.refuse(p_code => 'ST009', p_pointer => p_pointer,
      p_detail => 'This reservation changed since you read it. Read it again and decide again.');
  end if;
  return null;
end
$$;

grant execute on function stock.refuse_reservation_change(smallint, bigint, jsonb, text) to scoville_definer;
