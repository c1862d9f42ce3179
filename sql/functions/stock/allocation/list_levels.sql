-- The locked levels that may serve a demand without a reservation, by the priority of their warehouses. p_levels: the number of each
-- level by its key. p_channels, p_serving: of stock.lock_candidates.
create or replace function stock.list_levels(
  p_demand stock.demand,
  p_levels jsonb,
  p_channels text[],
  p_serving text[]
)
  returns integer[]
  language plpgsql
  immutable
as $$
declare
  v_levels integer[] := '{}';
  v_level integer;
begin
  for i in 1 .. cardinality(p_channels) loop
    if p_channels[i] = p_demand.channel_id then
      v_level := (p_levels ->> stock.level_key(p_serving[i], p_demand.sku_id))::integer;
      if v_level is not null then
        v_levels := v_levels || v_level;
      end if;
    end if;
  end loop;
  return v_levels;
end
$$;

grant execute on function stock.list_levels(stock.demand, jsonb, text[], text[]) to scoville_definer;
