-- An order that this transaction has written, with its document.
create or replace function orders.new_placed(
  p_ordinal integer default null,
  p_order_id bigint default null,
  p_channel_id text default null,
  p_warehouse_ids text[] default null,
  p_document json default null,
  p_actor text default null,
  p_request_id text default null,
  p_historic boolean default false
)
  returns orders.placed
  language sql
  immutable
  parallel safe
  return row(p_ordinal, p_order_id, p_channel_id, p_warehouse_ids, p_document, p_actor, p_request_id, p_historic)::orders.placed;

grant execute on function orders.new_placed(integer, bigint, text, text[], json, text, text, boolean) to scoville_definer;
