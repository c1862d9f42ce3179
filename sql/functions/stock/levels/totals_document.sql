-- The counters of a SKU, summed over levels, under their public names. available is what can be sold; p_unserved: the available units
-- of levels from which nothing is sold. p_available_only: what integrations may see.
create or replace function stock.totals_document(
  p_counters stock.counters,
  p_unserved bigint,
  p_available_only boolean
)
  returns json
  language sql
  stable
  parallel safe
  return case when p_available_only
    then stock.counters_document(p_counters, true)
    else json_build_object('stock', (p_counters).on_hand, 'available', stock.available_of(p_counters) - p_unserved,
      'reserved', (p_counters).reserved, 'committed', (p_counters).committed, 'unavailable', (p_counters).unavailable,
      'safety_stock', (p_counters).safety_stock, 'unserved', p_unserved, 'incoming', (p_counters).incoming,
      'shortfall', (p_counters).shortfall) end;

grant execute on function stock.totals_document(stock.counters, bigint, boolean) to admin, warehouse, sales, integration;
