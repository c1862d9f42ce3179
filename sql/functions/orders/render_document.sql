-- An order as a document, from its members and its parts (json arrays).
create or replace function orders.render_document(
  p_region_id smallint,
  p_order_id bigint,
  p_external_id text,
  p_channel_id text,
  p_placed_at timestamptz,
  p_customer_name text,
  p_email text,
  p_phone text,
  p_customer_address text,
  p_items json,
  p_total_price numeric,
  p_currency text,
  p_status text,
  p_fulfillment_status text,
  p_allocations json,
  p_backorders json,
  p_fulfillments json,
  p_note text,
  p_version integer,
  p_updated_at timestamptz,
  p_unpaid_until timestamptz default null,
  p_held_from text default null,
  p_status_change json default null,
  p_customer_group text default null,
  p_freshness json default '[]'
)
  returns json
  language sql
  stable
  parallel safe
  return json_build_object(
    'order_id', orders.public_id(p_region_id, p_order_id),
    'external_id', p_external_id,
    'channel', p_channel_id,
    'created_at', app.rfc3339(p_placed_at),
    'customer', json_build_object('name', p_customer_name, 'email', p_email, 'phone', p_phone, 'address', p_customer_address),
    'customer_group', p_customer_group,
    'items', p_items,
    'total_price', p_total_price,
    'currency', p_currency,
    'status', p_status,
    'unpaid_until', app.rfc3339(p_unpaid_until),
    'held_from', p_held_from,
    'status_change', p_status_change,
    'fulfillment_status', p_fulfillment_status,
    'allocations', p_allocations,
    'backorders', p_backorders,
    'freshness', p_freshness,
    'fulfillments', p_fulfillments,
    'note', p_note,
    'version', p_version,
    'updated_at', app.rfc3339(p_updated_at));

grant execute on function orders.render_document(smallint, bigint, text, text, timestamptz, text, text, text, text, json, numeric, text,
  text, text, json, json, json, text, integer, timestamptz, timestamptz,
  text, json, text, json) to scoville_definer, admin, warehouse, sales, integration;
