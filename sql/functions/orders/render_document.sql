-- An order as a document, from its row and its parts (json arrays).
create or replace function orders.render_document(
  p_order orders.orders,
  p_email text,
  p_items json,
  p_allocations json,
  p_fulfillments json
)
  returns json
  language sql
  stable
  parallel safe
  return json_build_object(
    'order_id', orders.public_id((p_order).region_id, (p_order).order_id),
    'external_id', (p_order).external_id,
    'channel', (p_order).channel_id,
    'created_at', app.rfc3339((p_order).placed_at),
    'customer', json_build_object('name', (p_order).customer_name, 'email', p_email, 'address', (p_order).customer_address),
    'items', p_items,
    'total_price', (p_order).total_price,
    'currency', (p_order).currency,
    'status', (p_order).status,
    'fulfillment_status', (p_order).fulfillment_status,
    'allocations', p_allocations,
    'fulfillments', p_fulfillments,
    'note', (p_order).note,
    'version', (p_order).version,
    'updated_at', app.rfc3339((p_order).updated_at));

grant execute on function orders.render_document(orders.orders, text, json, json, json)
  to scoville_definer, admin, warehouse, sales, integration;
