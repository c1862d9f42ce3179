-- Releases the units of one locked reservation. A reservation that is already released or expired stays as it is, because the result
-- is the same. An expired one that was not swept yet is swept. Returns a refusal, or null.
create or replace function stock.release_reservation(
  p_region_id smallint,
  p_reservation_id bigint,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_status text;
  v_refusal api.refusal;
begin
  v_refusal := stock.refuse_reservation_change(p_region_id => p_region_id, p_reservation_id => p_reservation_id,
    p_request => p_request);
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  select r.status into v_status
    from stock.reservations r
   where r.region_id = p_region_id and r.reservation_id = p_reservation_id;
  if v_status = 'committed' then
    return stock.refuse_inactive(p_region_id => p_region_id, p_reservation_id => p_reservation_id, p_pointer => '');
  elsif v_status = 'active' and
        stock.end_reservations(p_region_id => p_region_id, p_reservation_ids => array[p_reservation_id],
          p_status => 'expired', p_actor => 'system', p_request_id => v_request_id) = 0 then
    perform stock.end_reservations(p_region_id => p_region_id, p_reservation_ids => array[p_reservation_id],
      p_status => 'released', p_actor => v_actor, p_request_id => v_request_id);
  end if;
  return null;
end
$$;

grant execute on function stock.release_reservation(smallint, bigint, jsonb) to scoville_definer;
