-- The locked levels that may serve each demand, by the priority of their warehouses. For demands of which none converts a reservation;
-- stock.find_sources is for the others. p_numbers, p_channels, p_serving: of stock.lock_candidates.
create or replace function stock.list_sources(
  p_demands stock.demand[],
  p_numbers jsonb,
  p_channels text[],
  p_serving text[]
)
  returns stock.source[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_sources stock.source[] := '{}';
  v_levels integer[];
  v_level integer;
begin
  for n in 1 .. cardinality(p_demands) loop
    v_levels := '{}';
    for i in 1 .. cardinality(p_channels) loop
      if p_channels[i] = p_demands[n].channel_id then
        v_level := p_numbers ->> stock.level_key(p_serving[i], p_demands[n].sku_id);
        if v_level is not null then
          v_levels := v_levels || v_level;
        end if;
      end if;
    end loop;
    v_sources := v_sources || stock.new_source(p_levels => v_levels, p_held => null, p_serves => null);
  end loop;
  return v_sources;
end
$$;

grant execute on function stock.list_sources(stock.demand[], jsonb, text[], text[]) to scoville_definer;
