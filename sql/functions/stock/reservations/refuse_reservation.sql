-- The refusal of a reservation that was read, or null: {"code", "body"}, the first fault in the order a caller would mend them.
create or replace function stock.refuse_reservation(
  p_channel_id text,
  p_channel_known boolean,
  p_ttl_seconds bigint,
  p_lines jsonb,
  p_unknown jsonb,
  p_unsaleable jsonb
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_channel_id is null then jsonb_build_object('code', 'OR009', 'body', app.refusal(
      'Your token has more than one channel (or none): say for which one the units are held.', '/channel'))
    when not p_channel_known then jsonb_build_object('code', 'OR008', 'body', app.refusal(
      format('There is no channel %s for you.', p_channel_id), '/channel'))
    when p_lines is null then jsonb_build_object('code', 'VA001', 'body', app.refusal(
      'Nothing is to be held. Name at least one SKU with its quantity.', '/items'))
    when p_unknown is not null then jsonb_build_object('code', 'ST002', 'body', jsonb_build_object(
      'detail', 'The reservation names SKUs that do not exist. GET /v1/inventory lists those that do.', 'errors', p_unknown))
    when p_unsaleable is not null then jsonb_build_object('code', 'OR006', 'body', jsonb_build_object(
      'detail', 'The reservation names SKUs that are retired or have no price in this channel.', 'errors', p_unsaleable))
    when exists (select from jsonb_to_recordset(p_lines) as l (quantity bigint) where not l.quantity > 0)
      then jsonb_build_object('code', 'VA001', 'body', app.refusal(
        'Hold at least one unit of each SKU.', '/items'))
    when p_ttl_seconds not between 1 and 86400 then jsonb_build_object('code', 'VA001', 'body', app.refusal(
      'Units are held for 1 to 86400 seconds; a hold can be extended before it expires.', '/ttl_seconds'))
  end;
$$;

grant execute on function stock.refuse_reservation(text, boolean, bigint, jsonb, jsonb, jsonb) to scoville_definer;
