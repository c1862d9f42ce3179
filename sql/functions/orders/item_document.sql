-- A line of an order, as the document shows it: quantity is what was ordered, fulfilled and canceled are parts of it. amount is null
-- where price says what a unit costs.
create or replace function orders.item_document(
  p_sku_id text,
  p_quantity bigint,
  p_price numeric,
  p_amount numeric,
  p_fulfilled bigint,
  p_canceled bigint
)
  returns json
  language sql
  stable
  parallel safe
  return json_build_object('sku_id', p_sku_id, 'quantity', p_quantity, 'price', p_price, 'amount', p_amount,
    'fulfilled', p_fulfilled, 'canceled', p_canceled);

grant execute on function orders.item_document(text, bigint, numeric, numeric, bigint, bigint)
  to scoville_definer, admin, warehouse, sales, integration;
