-- Marks the reservations that these orders convert as committed. Their units have already moved.
-- Lock order: stock.allocate has locked the reservations.
create or replace function orders.convert_reservations(
  p_region_id smallint,
  p_drafts orders.draft[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_converted bigint[];
begin
  with converted as (
    update stock.reservations r
       set status = 'committed', order_id = d.order_id, version = r.version + 1, updated_at = v_now, changed_by = d.actor,
           change_reason = 'committed', request_id = d.request_id
      from unnest(p_drafts) d
     where r.region_id = p_region_id and r.reservation_id = d.reservation_id
    returning r.reservation_id
  )
  select array_agg(c.reservation_id) into v_converted from converted c;
  perform stock.emit_reservation_events(p_region_id => p_region_id, p_type => 'reservation.committed',
    p_reservation_ids => v_converted);
end
$$;

grant execute on function orders.convert_reservations(smallint, orders.draft[]) to scoville_definer;
