-- The refusal of an order that converts a reservation, or null. stock.allocate decides later, under the lock of the reservation,
-- whether it still holds its units.
create or replace function orders.refuse_conversion(
  p_region_id smallint,
  p_order jsonb,
  p_reservation_id bigint,
  p_channel_id text
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_refusal api.refusal := stock.refuse_reservation_change(p_region_id => p_region_id, p_reservation_id => p_reservation_id,
    p_request => p_order, p_pointer => '/reservation_id');
  v_channel text;
begin
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  select r.channel_id into v_channel
    from stock.reservations r
   where r.region_id = p_region_id and r.reservation_id = p_reservation_id;
  if v_channel <> p_channel_id then
    return app.refuse(p_code => 'RV004', p_pointer => '/reservation_id',
      p_detail => format('This reservation belongs to channel %s: an order of %s cannot convert it. Leave channel out.', v_channel,
        p_channel_id));
  end if;
  return null;
end
$$;

grant execute on function orders.refuse_conversion(smallint, jsonb, bigint, text) to scoville_definer;
