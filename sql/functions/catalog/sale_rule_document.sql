-- A sale rule as the document of its channel shows it.
create or replace function catalog.sale_rule_document(
  p_rule catalog.sale_rules
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object('sku_id', p_rule.sku_id, 'mode', p_rule.mode, 'units_max', p_rule.units_max, 'priority', p_rule.priority,
           'ships_on', p_rule.ships_on);
$$;

grant execute on function catalog.sale_rule_document(catalog.sale_rules) to scoville_definer, admin, warehouse, sales, integration;
