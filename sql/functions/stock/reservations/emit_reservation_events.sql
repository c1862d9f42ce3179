-- Writes one complete event per reservation: its units by warehouse, its owner, its expiry, and the order it became.
create or replace function stock.emit_reservation_events(
  p_region_id smallint,
  p_type text,
  p_reservation_ids bigint[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_audience text := events.audience_of(p_type);
begin
  insert into events.outbox
    (region_id, type, audience, subject, channel_id, warehouse_ids, version, data, actor, request_id, occurred_at)
  select p_region_id, p_type, v_audience,
         'reservations/' || stock.reservation_public_id(p_region_id, r.reservation_id), r.channel_id,
         array(select distinct l.warehouse_id
                 from stock.reservation_lines l
                where l.region_id = p_region_id and l.reservation_id = r.reservation_id),
         r.version, d.document::jsonb, r.changed_by, r.request_id, app.now()
    from stock.reservation_documents(p_region_id, p_reservation_ids) d
    join stock.reservations r on r.region_id = p_region_id and r.reservation_id = d.reservation_id
   order by r.reservation_id
  on conflict do nothing;
end
$$;

grant execute on function stock.emit_reservation_events(smallint, text, bigint[]) to scoville_definer;
