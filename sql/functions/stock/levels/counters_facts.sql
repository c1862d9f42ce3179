-- Counters under their public names, as events keep them.
create or replace function stock.counters_facts(
  p_counters stock.counters
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return jsonb_build_object('stock', (p_counters).on_hand, 'available', stock.available_of(p_counters),
    'reserved', (p_counters).reserved, 'committed', (p_counters).committed, 'unavailable', (p_counters).unavailable,
    'safety_stock', (p_counters).safety_stock, 'incoming', (p_counters).incoming, 'shortfall', (p_counters).shortfall);

grant execute on function stock.counters_facts(stock.counters) to scoville_definer;
