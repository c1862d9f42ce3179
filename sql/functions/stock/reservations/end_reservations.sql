-- Ends reservations that are still active (as expired only those that are due) and returns their units to stock. Returns the number
-- of ended reservations. An expired reservation ended at its expiry, not when it was swept: its document is the same before and after.
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
  update stock.reservations r
     set status = p_status, version = r.version + 1,
         updated_at = case p_status when 'expired' then r.expires_at else v_now end, changed_by = p_actor,
         change_reason = p_status, request_id = p_request_id
   where r.region_id = p_region_id and r.reservation_id = any (v_ended);
  perform stock.post_movements(p_region_id, array(
    select stock.new_movement(p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id, p_kind => 'release',
             p_delta => stock.new_counters(p_reserved => -l.quantity), p_note => p_status,
             p_document => stock.reservation_public_id(p_region_id, l.reservation_id), p_actor => p_actor,
             p_request_id => p_request_id)
      from stock.reservation_lines l
     where l.region_id = p_region_id and l.reservation_id = any (v_ended)
     order by l.reservation_id, l.warehouse_id, l.sku_id));
  perform stock.emit_reservation_events(p_region_id => p_region_id, p_type => 'reservation.' || p_status,
    p_reservation_ids => v_ended);
  return cardinality(v_ended);
end
$$;

grant execute on function stock.end_reservations(smallint, bigint[], text, text, text) to scoville_definer;
