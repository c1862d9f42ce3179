-- Writes the reservations that were allocated, with their lines, and takes their units out of the available ones.
-- Lock order: the caller has locked the stock_levels; the rest is only inserted.
create or replace function stock.insert_reservations(
  p_region_id smallint,
  p_holds stock.reservation_draft[],
  p_allocations jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_holds stock.reservation_draft[] := array(
    select h from unnest(p_holds) h where h.reservation_id is not null order by h.ordinal);
  v_written integer;
begin
  with written as (
    insert into stock.reservations
      (region_id, reservation_id, channel_id, owner, expires_at, note, created_at, updated_at, changed_by, change_reason,
       request_id)
    select p_region_id, h.reservation_id, h.channel_id, h.actor, h.expires_at, h.note, v_now, v_now, h.actor, 'reserved',
           h.request_id
      from unnest(v_holds) h
    returning 1
  )
  select count(*) into v_written from written;
  if v_written <> cardinality(v_holds) then
    raise exception using errcode = 'internal_error', message = 'reservations went missing while they were written';
  end if;
  insert into stock.reservation_lines (region_id, reservation_id, sku_id, warehouse_id, channel_id, quantity)
  select p_region_id, h.reservation_id, a.sku_id, a.warehouse_id, h.channel_id, a.quantity
    from unnest(v_holds) h
    join jsonb_to_recordset(p_allocations)
      as a (ordinal integer, sku_id text, warehouse_id text, quantity integer) on a.ordinal = h.ordinal
  on conflict do nothing;
  perform stock.post_movements(p_region_id, array(
    select row(l.warehouse_id, l.sku_id, 'reserve', null, null, l.quantity, null, null, null, null, null, h.note,
               stock.reservation_public_id(p_region_id, h.reservation_id), h.actor, h.request_id, null,
               null)::stock.movement
      from unnest(v_holds) h
      join stock.reservation_lines l on l.region_id = p_region_id and l.reservation_id = h.reservation_id
     order by h.ordinal, l.sku_id, l.warehouse_id));
  perform stock.emit_reservation_events(p_region_id, 'reservation.created',
    array(select h.reservation_id from unnest(v_holds) h));
end
$$;

grant execute on function stock.insert_reservations(smallint, stock.reservation_draft[], jsonb) to scoville_definer;
