-- What an order promises about the units of a SKU, as its document shows it.
create or replace function orders.freshness_document(
  p_sku_id text,
  p_fresh_until date,
  p_rule text,
  p_at_risk boolean default false
)
  returns json
  language sql
  stable
  parallel safe
  return json_build_object('sku_id', p_sku_id, 'fresh_until', nullif(p_fresh_until, 'infinity'), 'rule', p_rule,
    'at_risk', p_at_risk);

grant execute on function orders.freshness_document(text, date, text, boolean) to scoville_definer, admin, warehouse, sales, integration;
