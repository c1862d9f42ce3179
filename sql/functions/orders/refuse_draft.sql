-- The refusal of an order that was read, or null: the first fault in the order in which a caller would fix them. The planner puts
-- the expression in place of the call as long as it has no subquery and no caller passes it a call as an argument.
create or replace function orders.refuse_draft(
  p_order jsonb,
  p_channel_id text,
  p_channel_known boolean,
  p_total numeric,
  p_lines jsonb,
  p_placed_at timestamptz default null,
  p_unknown jsonb default null,
  p_unsaleable jsonb default null,
  p_inexact jsonb default null,
  p_repriced jsonb default null,
  p_elements integer default 1,
  p_region_id smallint default null
)
  returns api.refusal
  language sql
  stable
  parallel safe
  return case
    when p_channel_id is null then app.refuse(p_code => 'OR009', p_pointer => '/channel',
      p_detail => 'Your token has several channels or none: name the channel that sells this order.')
    when not p_channel_known then app.refuse(p_code => 'OR008', p_pointer => '/channel',
      p_detail => format('Channel %s does not exist or is not yours.', p_channel_id))
    when (p_order ->> 'historic')::boolean and (orders.refuse_completed(p_order, p_channel_id)).code is not null
      then orders.refuse_completed(p_order, p_channel_id)
    when p_lines is null then app.refuse(p_code => 'VA001', p_pointer => '/items',
      p_detail => 'The order is empty. Name at least one SKU with its quantity, or a reservation_id.')
    when p_unknown is not null then app.refuse_lines(p_code => 'ST002', p_errors => catalog.suggest_lines(p_unknown, p_elements),
      p_detail => 'The order names SKUs that do not exist. GET /v1/inventory lists the existing SKUs.')
    when p_unsaleable is not null then app.refuse_lines(p_code => 'OR006', p_errors => p_unsaleable,
      p_detail => 'The order names SKUs that are retired, have no price in this channel, or are sold in another currency.')
    when p_inexact is not null then app.refuse_lines(p_code => 'VA001', p_errors => p_inexact,
      p_detail => 'A line has a price or an amount, with at most the decimals of its currency.')
    when p_repriced is not null then app.refuse_lines(p_code => 'OR001', p_errors => p_repriced,
      p_detail => 'Prices differ from the current ones. Show the customer current_price and send that, or neither price nor amount.')
    when p_placed_at > app.now() + interval '5 minutes' then app.refuse(p_code => 'VA001', p_pointer => '/created_at',
      p_detail => 'created_at is in the future. Leave it out, or send the time when the order was placed.')
    -- Only an order from the past looks the region up.
    when p_placed_at < app.now() - interval '1 hour'
         and (app.refuse_past(p_region_id => p_region_id, p_at => p_placed_at, p_field => 'created_at')).code is not null
      then app.refuse_past(p_region_id => p_region_id, p_at => p_placed_at, p_field => 'created_at')
    when p_total >= 100000000000000 then app.refuse(p_code => 'VA001', p_pointer => '/items',
      p_detail => 'The total of an order is at most 99999999999999.99. Split the order.')
    when (p_order ->> 'total_price')::numeric <> p_total then app.refuse(p_code => 'OR007', p_pointer => '/total_price',
      p_detail => format('The items cost %s, not %s. Leave total_price out, or send the computed one.', p_total,
        p_order ->> 'total_price'), p_facts => jsonb_build_object('total_price', p_total))
    when p_order ->> 'external_id' ~ '^ORD-[0-9]+-[0-9]+$' then app.refuse(p_code => 'VA001', p_pointer => '/external_id',
      p_detail => 'ORD-<region>-<number> is the form of our own IDs. Send an ID in another form.')
    when app.hidden_character(p_order ->> 'external_id') is not null then app.refuse(p_code => 'VA001',
      p_pointer => '/external_id', p_detail => format('The ID contains a character that nobody sees (%s), so it would look like '
        'another one. Send it without.', app.hidden_character(p_order ->> 'external_id')))
    when p_order ->> 'external_id' in ('.', '..') then app.refuse(p_code => 'VA001', p_pointer => '/external_id',
      p_detail => 'Clients remove . and .. from paths, so nobody could address the order. Send another ID.')
    when p_order ->> 'customer_group' !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' then app.refuse(p_code => 'VA001',
      p_pointer => '/customer_group', p_detail => 'A customer group is a code: letters, digits, dots, hyphens and underscores, at most 64.')
    when p_order ->> 'status' not in ('processing', 'pending') then app.refuse(p_code => 'VA001', p_pointer => '/status',
      p_detail => format('A new order is processing or, until it is paid, pending: it cannot be %s. Leave status out or send one of '
        'these.', p_order ->> 'status'))
    when p_order ->> 'status' = 'pending' and (p_order ->> 'historic')::boolean then app.refuse(p_code => 'VA001',
      p_pointer => '/status', p_detail => 'A historic order is completed, so it cannot be pending. Leave status out.')
  end;

grant execute on function orders.refuse_draft(jsonb, text, boolean, numeric, jsonb, timestamptz, jsonb, jsonb, jsonb, jsonb, integer,
  smallint)
  to scoville_definer;
