-- Why an order may not convert the reservation that it names, or null: {"code", "body"}. Whether the reservation still holds its
-- units is decided later, under its lock (stock.allocate).
create or replace function orders.refuse_conversion(
  p_region_id smallint,
  p_order jsonb,
  p_reservation_id bigint,
  p_channel_id text
)
  returns jsonb
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_code text;
  v_body jsonb;
  v_channel text;
begin
  select r.code, r.body into v_code, v_body from stock.refuse_reservation_change(p_region_id, p_reservation_id, p_order) r;
  select r.channel_id into v_channel
    from stock.reservations r
   where r.region_id = p_region_id and r.reservation_id = p_reservation_id;
  if v_code is null and v_channel <> p_channel_id then
    v_code := 'RV004';
    v_body := app.refusal(
      format('This reservation belongs to channel %s: an order of %s cannot take it. Leave channel out.', v_channel,
        p_channel_id), '');
  end if;
  if v_code is not null then
    return jsonb_build_object('code', v_code, 'body',
      jsonb_set(v_body, '{errors,0,pointer}', '"/reservation_id"'));
  end if;
  return null;
end
$$;

grant execute on function orders.refuse_conversion(smallint, jsonb, bigint, text) to scoville_definer;
