-- A line of an order, as the document shows it.
create or replace function orders.item_document(
  p_sku_id text,
  p_quantity integer,
  p_price numeric
)
  returns json
  language sql
  stable
  parallel safe
  return json_build_object('sku_id', p_sku_id, 'quantity', p_quantity, 'price', p_price);

grant execute on function orders.item_document(text, integer, numeric) to scoville_definer, admin, warehouse, sales, integration;
