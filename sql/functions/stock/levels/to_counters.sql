-- The counters of a level. The caller needs rights on all columns of stock.stock_levels.
create or replace function stock.to_counters(
  p_level stock.stock_levels
)
  returns stock.counters
  language sql
  immutable
  parallel safe
  return stock.new_counters(p_on_hand => (p_level).on_hand, p_reserved => (p_level).reserved,
    p_committed => (p_level).committed, p_unavailable => (p_level).unavailable, p_safety_stock => (p_level).safety_stock,
    p_incoming => (p_level).incoming, p_shortfall => (p_level).shortfall);

grant execute on function stock.to_counters(stock.stock_levels) to scoville_definer, admin, warehouse, sales, integration;
