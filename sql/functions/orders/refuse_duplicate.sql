-- The refusal of an order whose external_id its channel has already used. p_order_id is null if the other order is in the same
-- request.
create or replace function orders.refuse_duplicate(
  p_region_id smallint,
  p_channel_id text,
  p_external_id text,
  p_order_id bigint
)
  returns api.refusal
  language sql
  stable
  parallel safe
  return app.refuse(p_code => 'OR005', p_pointer => '/external_id',
    p_detail => format('Channel %s already has an order %s%s.', p_channel_id, p_external_id,
      ': ' || orders.public_id(p_region_id, p_order_id)),
    p_facts => jsonb_build_object('order_id', orders.public_id(p_region_id, p_order_id)));

grant execute on function orders.refuse_duplicate(smallint, text, text, bigint) to scoville_definer;
