-- A line of an order, as the document shows it: quantity is what was ordered, fulfilled and canceled are parts of it. amount is null
-- where price says what a unit costs. A bundle has components, each with its units per bundle and those that were shipped. address null: the
-- customer's.
create or replace function orders.item_document(
  p_sku_id text,
  p_quantity bigint,
  p_price numeric,
  p_amount numeric,
  p_fulfilled bigint,
  p_canceled bigint,
  p_components jsonb default null,
  p_address text default null
)
  returns json
  language sql
  stable
  parallel safe
  return json_build_object('sku_id', p_sku_id, 'quantity', p_quantity, 'price', p_price, 'amount', p_amount,
    'fulfilled', p_fulfilled, 'canceled', p_canceled, 'components', coalesce(p_components, '[]'), 'address', p_address);

grant execute on function orders.item_document(text, bigint, numeric, numeric, bigint, bigint, jsonb, text)
  to scoville_definer, admin, warehouse, sales, integration;
