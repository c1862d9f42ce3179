-- The refusal of an order that was read, or null: {"code", "body"}, the first fault in the order a caller would mend them.
create or replace function orders.refusal_of(
  p_order jsonb,
  p_channel_id text,
  p_channel_known boolean,
  p_placed_at timestamptz,
  p_total numeric,
  p_lines jsonb,
  p_unknown jsonb,
  p_unsaleable jsonb,
  p_repriced jsonb
)
  returns jsonb
  language sql
  stable
  parallel safe
  return case
    when p_channel_id is null then jsonb_build_object('code', 'OR009', 'body', app.refusal(
      'Your token has more than one channel (or none): say which one sells this order.', '/channel'))
    when not p_channel_known then jsonb_build_object('code', 'OR008', 'body', app.refusal(
      format('There is no channel %s for you.', p_channel_id), '/channel'))
    when p_lines is null then jsonb_build_object('code', 'VA001', 'body', app.refusal(
      'Nothing is ordered. Name at least one SKU with its quantity, or a reservation_id.', '/items'))
    when p_unknown is not null then jsonb_build_object('code', 'ST002', 'body', jsonb_build_object(
      'detail', 'The order names SKUs that do not exist. GET /v1/inventory lists those that do.', 'errors', p_unknown))
    when p_unsaleable is not null then jsonb_build_object('code', 'OR006', 'body', jsonb_build_object(
      'detail', 'The order names SKUs that are retired, have no price in this channel, or are sold in another currency.', 'errors', p_unsaleable))
    when p_repriced is not null then jsonb_build_object('code', 'OR001', 'body', jsonb_build_object(
      'detail', 'Prices differ from the current ones. Show the customer current_price and send that, or no price.',
      'errors', p_repriced))
    when p_placed_at > app.now() + interval '5 minutes' then jsonb_build_object('code', 'VA001', 'body',
      app.refusal('created_at lies in the future. Leave it out, or send when the order was placed.', '/created_at'))
    when p_total >= 100000000000000 then jsonb_build_object('code', 'VA001', 'body',
      app.refusal('An order costs 99999999999999.99 at most. Split it.', '/items'))
    when (p_order ->> 'total_price')::numeric <> p_total then jsonb_build_object('code', 'OR007', 'body',
      app.refusal(format('The items cost %s, not %s. Leave total_price out, or send the computed one.', p_total,
        p_order ->> 'total_price'), '/total_price', jsonb_build_object('total_price', p_total)))
    when p_order ->> 'external_id' ~ '^ORD-[0-9]+-[0-9]+$' then jsonb_build_object('code', 'VA001', 'body',
      app.refusal('ORD-<region>-<number> is what our own ids look like. Send your own id in another form.', '/external_id'))
    when p_order ->> 'status' not in ('pending', 'processing') then jsonb_build_object('code', 'VA001', 'body',
      app.refusal('A new order is processing. Leave status out.', '/status'))
  end;

grant execute on function orders.refusal_of(jsonb, text, boolean, timestamptz, numeric, jsonb, jsonb, jsonb, jsonb) to scoville_definer;
