-- The sum of the counters of several levels, or of several changes of one level.
create or replace function stock.sum_counters(
  p_counters stock.counters[]
)
  returns stock.counters
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select stock.new_counters(
           p_on_hand => coalesce(sum(c.on_hand), 0)::bigint, p_reserved => coalesce(sum(c.reserved), 0)::bigint,
           p_committed => coalesce(sum(c.committed), 0)::bigint, p_unavailable => coalesce(sum(c.unavailable), 0)::bigint,
           p_safety_stock => coalesce(sum(c.safety_stock), 0)::bigint, p_incoming => coalesce(sum(c.incoming), 0)::bigint,
           p_shortfall => coalesce(sum(c.shortfall), 0)::bigint)
    from unnest(p_counters) c;
$$;

grant execute on function stock.sum_counters(stock.counters[]) to scoville_definer, admin, warehouse, sales, integration;
