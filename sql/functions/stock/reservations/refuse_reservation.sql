-- The refusal of a reservation that was read, or null: the first fault in the order in which a caller would fix them.
create or replace function stock.refuse_reservation(
  p_channel_id text,
  p_channel_known boolean,
  p_ttl_seconds bigint,
  p_lines jsonb,
  p_unknown jsonb,
  p_unsaleable jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_channel_id is null then app.refuse(p_code => 'OR009', p_pointer => '/channel',
      p_detail => 'Your token has several channels or none: name the channel that reserves the units.')
    when not p_channel_known then app.refuse(p_code => 'OR008', p_pointer => '/channel',
      p_detail => format('Channel %s does not exist or is not yours.', p_channel_id))
    when p_lines is null then app.refuse(p_code => 'VA001', p_pointer => '/items',
      p_detail => 'The reservation is empty. Name at least one SKU with its quantity.')
    when p_unknown is not null then app.refuse_lines(p_code => 'ST002', p_errors => p_unknown,
      p_detail => 'The reservation names SKUs that do not exist. GET /v1/inventory lists the existing SKUs.')
    when p_unsaleable is not null then app.refuse_lines(p_code => 'OR006', p_errors => p_unsaleable,
      p_detail => 'The reservation names SKUs that are retired or have no price in this channel.')
    when exists (select from jsonb_to_recordset(p_lines) as l (quantity bigint) where not l.quantity > 0)
      then app.refuse(p_code => 'VA001', p_detail => 'Reserve at least one unit of each SKU.', p_pointer => '/items')
    when p_ttl_seconds not between 1 and 86400 then app.refuse(p_code => 'VA001', p_pointer => '/ttl_seconds',
      p_detail => 'A reservation lasts 1 to 86400 seconds. It can be extended before it expires.')
  end;
$$;

grant execute on function stock.refuse_reservation(text, boolean, bigint, jsonb, jsonb, jsonb) to scoville_definer;
