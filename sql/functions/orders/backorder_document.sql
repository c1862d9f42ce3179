-- The units of a SKU for which an order waits, as its document shows them. p_ships_on: of the sale rule, if it is a preorder. p_promised_on: as
-- orders.promise_dates says.
create or replace function orders.backorder_document(
  p_sku_id text,
  p_quantity bigint,
  p_queued_at timestamptz,
  p_ships_on date,
  p_promised_on date,
  p_lost_at timestamptz default null
)
  returns json
  language sql
  stable
  parallel safe
  return json_build_object('sku_id', p_sku_id, 'quantity', p_quantity, 'queued_at', app.rfc3339(p_queued_at),
    'lost_at', app.rfc3339(p_lost_at), 'ships_on', p_ships_on, 'promised_on', p_promised_on);

grant execute on function orders.backorder_document(text, bigint, timestamptz, date, date, timestamptz)
  to scoville_definer, admin, warehouse, sales, integration;
