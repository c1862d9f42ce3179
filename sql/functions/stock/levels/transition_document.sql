-- What an event says of a changed level: its counters before and after. "new" is the level as streams show it, so a reader needs no table.
create or replace function stock.transition_document(
  p_warehouse_id text,
  p_sku_id text,
  p_version bigint,
  p_updated_at timestamptz,
  p_new stock.counters,
  p_delta stock.counters
)
  returns jsonb
  language sql
  stable
  parallel safe
  return jsonb_build_object(
    'sku_id', p_sku_id, 'warehouse_location', p_warehouse_id, 'version', p_version,
    'old', stock.counters_facts(stock.subtract_counters(p_new, p_delta)),
    'new', jsonb_build_object('sku_id', p_sku_id, 'warehouse_location', p_warehouse_id, 'version', p_version,
             'updated_at', app.rfc3339(p_updated_at)) || stock.counters_facts(p_new));

grant execute on function stock.transition_document(text, text, bigint, timestamptz, stock.counters, stock.counters) to scoville_definer;
