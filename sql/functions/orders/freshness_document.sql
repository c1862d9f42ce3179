-- What an order promises about the units of a SKU, as its document shows it.
create or replace function orders.freshness_document(
  p_sku_id text,
  p_fresh_until date,
  p_rule text
)
  returns json
  language sql
  stable
  parallel safe
  return json_build_object('sku_id', p_sku_id, 'fresh_until', nullif(p_fresh_until, 'infinity'), 'rule', p_rule);

grant execute on function orders.freshness_document(text, date, text) to scoville_definer, admin, warehouse, sales, integration;
