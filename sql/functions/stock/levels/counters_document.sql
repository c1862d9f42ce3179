-- Counters under their public names. p_available_only: what integrations may see.
create or replace function stock.counters_document(
  p_counters stock.counters,
  p_available_only boolean default false
)
  returns json
  language sql
  stable
  parallel safe
  return case when p_available_only
    then json_build_object('stock', stock.available_of(p_counters), 'available', stock.available_of(p_counters))
    else json_build_object('stock', (p_counters).on_hand, 'available', stock.available_of(p_counters),
      'reserved', (p_counters).reserved, 'committed', (p_counters).committed, 'unavailable', (p_counters).unavailable,
      'safety_stock', (p_counters).safety_stock, 'incoming', (p_counters).incoming, 'shortfall', (p_counters).shortfall) end;

grant execute on function stock.counters_document(stock.counters, boolean) to scoville_definer, admin, warehouse, sales, integration;
