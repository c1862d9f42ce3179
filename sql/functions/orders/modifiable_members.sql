-- The members of an order's document that a change may touch, without e-mail and phone number: "old" of the event of the change.
create or replace function orders.modifiable_members(
  p_document jsonb
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return jsonb_build_object('customer', orders.event_customer(p_document #>> '{customer,name}', p_document #>> '{customer,address}'),
    'status', p_document -> 'status', 'items', p_document -> 'items',
    'total_price', p_document -> 'total_price', 'allocations', p_document -> 'allocations',
    'backorders', p_document -> 'backorders', 'fulfillments', p_document -> 'fulfillments', 'note', p_document -> 'note', 'version', p_document -> 'version');

grant execute on function orders.modifiable_members(jsonb) to scoville_definer;
