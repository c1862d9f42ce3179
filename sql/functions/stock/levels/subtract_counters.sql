-- Counters less those of a change: the counters before the change.
create or replace function stock.subtract_counters(
  p_counters stock.counters,
  p_delta stock.counters
)
  returns stock.counters
  language sql
  immutable
  parallel safe
  return stock.new_counters(p_on_hand => (p_counters).on_hand - (p_delta).on_hand,
    p_reserved => (p_counters).reserved - (p_delta).reserved, p_committed => (p_counters).committed - (p_delta).committed,
    p_unavailable => (p_counters).unavailable - (p_delta).unavailable,
    p_safety_stock => (p_counters).safety_stock - (p_delta).safety_stock,
    p_incoming => (p_counters).incoming - (p_delta).incoming, p_shortfall => (p_counters).shortfall - (p_delta).shortfall);

grant execute on function stock.subtract_counters(stock.counters, stock.counters) to scoville_definer;
