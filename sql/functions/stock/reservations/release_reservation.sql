-- Lets the units of one locked reservation go. One that is released or expired already is left as it is: what the caller wants is so.
-- One that has expired and was not swept is swept. Answers a refusal (code, body), or nulls.
create or replace function stock.release_reservation(
  p_region_id smallint,
  p_reservation_id bigint,
  p_request jsonb,
  out code text,
  out body jsonb
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_status text;
begin
  select r.code, r.body into code, body from stock.refuse_reservation_change(p_region_id, p_reservation_id, p_request) r;
  if code is not null then
    return;
  end if;
  select r.status into v_status
    from stock.reservations r
   where r.region_id = p_region_id and r.reservation_id = p_reservation_id;
  if v_status = 'committed' then
    code := 'RV002';
    body := stock.refuse_inactive(p_region_id, p_reservation_id, '');
  elsif v_status = 'active' and
        stock.end_reservations(p_region_id, array[p_reservation_id], 'expired', 'system', v_request_id) = 0 then
    perform stock.end_reservations(p_region_id, array[p_reservation_id], 'released', v_actor, v_request_id);
  end if;
end
$$;

grant execute on function stock.release_reservation(smallint, bigint, jsonb) to scoville_definer;
