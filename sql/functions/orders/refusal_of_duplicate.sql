-- What is said to whoever sends a number that its channel has used already; p_order_id is null where the other order is of the
-- same request.
create or replace function orders.refusal_of_duplicate(
  p_region_id smallint,
  p_channel_id text,
  p_external_id text,
  p_order_id bigint
)
  returns jsonb
  language sql
  stable
  parallel safe
  return app.refusal(
    format('Channel %s has an order %s already%s.', p_channel_id, p_external_id, ': ' || orders.public_id(p_region_id, p_order_id)),
    '/external_id', jsonb_build_object('order_id', orders.public_id(p_region_id, p_order_id)));

grant execute on function orders.refusal_of_duplicate(smallint, text, text, bigint) to scoville_definer;
