-- The refusal of a historic order, which arrives completed, or null.
create or replace function orders.refuse_completed(
  p_order jsonb,
  p_channel_id text
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return case
    when app.claim_role() <> 'admin' then app.refuse(p_code => 'VA001', p_pointer => '/historic',
      p_detail => 'Only an admin records historic orders. Leave historic out to place the order.')
    when p_order ->> 'created_at' is null then app.refuse(p_code => 'VA001', p_pointer => '/created_at',
      p_detail => 'A historic order needs the time when it was placed.')
    when p_order ->> 'reservation_id' is not null then app.refuse(p_code => 'VA001', p_pointer => '/reservation_id',
      p_detail => 'A historic order takes no units, so it converts no reservation.')
    when not exists (select from catalog.channel_warehouses w where w.channel_id = p_channel_id)
      then app.refuse(p_code => 'VA001', p_pointer => '/channel',
        p_detail => format('Channel %s has no warehouse that could have shipped the order.', p_channel_id))
  end;
end
$$;

grant execute on function orders.refuse_completed(jsonb, text) to scoville_definer;
