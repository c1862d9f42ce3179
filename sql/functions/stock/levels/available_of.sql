-- The units that these counters leave available, as the generated column of stock.stock_levels computes it. For the counters of a
-- change: the change of the available units.
create or replace function stock.available_of(
  p_counters stock.counters
)
  returns bigint
  language sql
  immutable
  parallel safe
  return (p_counters).on_hand - (p_counters).reserved - (p_counters).committed - (p_counters).unavailable
    - (p_counters).safety_stock;

grant execute on function stock.available_of(stock.counters) to scoville_definer, admin, warehouse, sales, integration;
