-- Ends reservations that are still active (as expired only those that are due) and returns their units to stock. Returns the number
-- of ended reservations.
-- Lock order: the caller has locked the stock_levels of these reservations; here the reservations.
create or replace function stock.end_reservations(
  p_region_id smallint,
  p_reservation_ids bigint[],
  p_status text,
  p_actor text,
  p_request_id text default app.claim_request_id()
)
  returns integer
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_ended bigint[];
begin
  select array_agg(s.reservation_id) into v_ended
    from (select r.reservation_id
            from stock.reservations r
           where r.region_id = p_region_id and r.reservation_id = any (p_reservation_ids) and r.status = 'active'
             and (p_status <> 'expired' or r.expires_at <= v_now)
           order by r.reservation_id
             for no key update) s;
  if v_ended is null then
    return 0;
  end if;
  perform stock.post_movements(p_region_id, stock.close_reservations(p_region_id => p_region_id, p_reservation_ids => v_ended,
    p_status => p_status, p_actor => p_actor, p_reason => p_status, p_request_id => p_request_id));
  perform stock.emit_reservation_events(p_region_id => p_region_id, p_type => 'reservation.' || p_status,
    p_reservation_ids => v_ended);
  return cardinality(v_ended);
end
$$;

grant execute on function stock.end_reservations(smallint, bigint[], text, text, text) to scoville_definer;
