-- Ends these active reservations and returns the movements that give back their units; the caller posts them and writes the events.
-- An expired reservation ended at its expiry, not when it was swept: its document is the same before and after.
-- Lock order: the caller has locked the stock_levels of these reservations; here the reservations.
create or replace function stock.close_reservations(
  p_region_id smallint,
  p_reservation_ids bigint[],
  p_status text,
  p_actor text,
  p_reason text,
  p_request_id text default null
)
  returns stock.movement[]
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  perform from stock.reservations r
   where r.region_id = p_region_id and r.reservation_id = any (p_reservation_ids)
   order by r.reservation_id
     for no key update;
  update stock.reservations r
     set status = p_status, version = r.version + 1,
         updated_at = case p_status when 'expired' then r.expires_at else app.now() end, changed_by = p_actor,
         change_reason = p_reason, request_id = p_request_id
   where r.region_id = p_region_id and r.reservation_id = any (p_reservation_ids);
  return array(
    select stock.new_movement(p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id, p_kind => 'release',
             p_delta => stock.new_counters(p_reserved => -l.quantity), p_note => p_reason,
             p_document => stock.reservation_public_id(p_region_id, l.reservation_id), p_actor => p_actor,
             p_request_id => p_request_id)
      from stock.reservation_lines l
     where l.region_id = p_region_id and l.reservation_id = any (p_reservation_ids)
     order by l.reservation_id, l.warehouse_id, l.sku_id);
end
$$;

grant execute on function stock.close_reservations(smallint, bigint[], text, text, text, text) to scoville_definer;
