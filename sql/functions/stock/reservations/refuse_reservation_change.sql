-- Why this caller may not change this (locked) hold: it is not found, it is another's, or it is not the version that the
-- caller has seen; nulls when it may.
create or replace function stock.refuse_reservation_change(
  p_region_id smallint,
  p_reservation_id bigint,
  p_request jsonb,
  out code text,
  out body jsonb
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_owner text;
  v_etag text;
begin
  if p_reservation_id is null then
    code := 'RV001';
    body := app.refusal(format('There is no reservation %s for you.', p_request ->> 'reservation_id'), '');
    return;
  end if;
  select r.owner, d.etag into v_owner, v_etag
    from stock.reservations r
    join stock.reservation_documents(p_region_id, array[p_reservation_id]) d on d.reservation_id = r.reservation_id
   where r.region_id = p_region_id and r.reservation_id = p_reservation_id;
  if v_owner <> coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject()) and app.claim_role() <> 'admin' then
    code := 'RV003';
    body := app.refusal('Somebody else made this reservation: only they or an admin change it.', '');
  elsif p_request ->> 'if_match' <> '*' and p_request ->> 'if_match' <> v_etag then
    code := 'ST009';
    body := app.refusal('This reservation changed since you read it. Read it again and decide anew.', '');
  end if;
end
$$;

grant execute on function stock.refuse_reservation_change(smallint, bigint, jsonb) to scoville_definer;
