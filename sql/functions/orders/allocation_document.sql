-- The warehouses that serve a SKU and their units, as the document of an order shows them.
create or replace function orders.allocation_document(
  p_sku_id text,
  p_warehouse_id text,
  p_quantity bigint,
  p_fulfilled bigint,
  p_released bigint
)
  returns json
  language sql
  stable
  parallel safe
  return json_build_object('sku_id', p_sku_id, 'warehouse_location', p_warehouse_id, 'quantity', p_quantity,
    'fulfilled', p_fulfilled, 'released', p_released);

grant execute on function orders.allocation_document(text, text, bigint, bigint, bigint)
  to scoville_definer, admin, warehouse, sales, integration;
