-- Writes the reservations that got their units, with their lines, and takes those units out of the available ones. Returns their
-- IDs, in the order of the drafts.
-- Lock order: the caller has locked the stock_levels; the rest is only inserted.
create or replace function stock.insert_reservations(
  p_region_id smallint,
  p_drafts stock.reservation_draft[],
  p_allocations stock.allocation[]
)
  returns bigint[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_ids bigint[];
  v_written integer;
begin
  for i in 1 .. cardinality(p_drafts) loop
    p_drafts[i].reservation_id := nextval('stock.reservations_reservation_id_seq');
    v_ids[i] := p_drafts[i].reservation_id;
  end loop;
  with written as (
    insert into stock.reservations
      (region_id, reservation_id, channel_id, owner, expires_at, items, note, created_at, updated_at, changed_by, change_reason,
       request_id)
    select p_region_id, d.reservation_id, d.channel_id, d.actor, d.expires_at, d.items, d.note, v_now, v_now, d.actor, 'reserved',
           d.request_id
      from unnest(p_drafts) d
    returning 1
  )
  select count(*) into v_written from written;
  if v_written <> cardinality(p_drafts) then
    raise exception using errcode = 'internal_error', message = 'fewer reservations were written than accepted';
  end if;
  insert into stock.reservation_lines (region_id, reservation_id, sku_id, warehouse_id, channel_id, quantity)
  select p_region_id, d.reservation_id, a.sku_id, a.warehouse_id, d.channel_id, a.quantity
    from unnest(p_drafts) d
    join unnest(p_allocations) a on a.ordinal = d.ordinal
  on conflict do nothing;
  perform stock.post_movements(p_region_id, array(
    select stock.new_movement(p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id, p_kind => 'reserve',
             p_delta => stock.new_counters(p_reserved => l.quantity), p_note => d.note,
             p_document => stock.reservation_public_id(p_region_id, d.reservation_id), p_actor => d.actor,
             p_request_id => d.request_id)
      from unnest(p_drafts) d
      join stock.reservation_lines l on l.region_id = p_region_id and l.reservation_id = d.reservation_id
     order by d.ordinal, l.sku_id, l.warehouse_id));
  perform stock.emit_reservation_events(p_region_id => p_region_id, p_type => 'reservation.created',
    p_reservation_ids => v_ids);
  return v_ids;
end
$$;

grant execute on function stock.insert_reservations(smallint, stock.reservation_draft[], stock.allocation[])
  to scoville_definer;
