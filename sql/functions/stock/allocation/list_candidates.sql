-- Which levels could serve these demands: p_warehouse_ids and p_sku_ids, with further pairs added. converted: the reservations that the demands
-- convert. channels, serving: the warehouses that serve the channels of the demands, in the order in which they are tried.
create or replace function stock.list_candidates(
  p_demands stock.demand[],
  inout p_warehouse_ids text[],
  inout p_sku_ids text[],
  out converted bigint[],
  out channels text[],
  out serving text[]
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_channels text[] := '{}';
begin
  converted := '{}';
  for i in 1 .. cardinality(p_demands) loop
    if p_demands[i].channel_id <> all (v_channels) then
      v_channels := v_channels || p_demands[i].channel_id;
    end if;
    if p_demands[i].reservation_id is not null then
      converted := converted || p_demands[i].reservation_id;
    end if;
  end loop;
  select coalesce(array_agg(w.channel_id), '{}'), coalesce(array_agg(w.warehouse_id), '{}') into channels, serving
    from (select s.channel_id, s.warehouse_id
            from catalog.serving_warehouses() s
           where s.channel_id = any (v_channels)
           order by s.channel_id, s.priority, s.warehouse_id) w;
  for i in 1 .. cardinality(p_demands) loop
    for j in 1 .. cardinality(channels) loop
      continue when channels[j] <> p_demands[i].channel_id;
      p_warehouse_ids := p_warehouse_ids || serving[j];
      p_sku_ids := p_sku_ids || p_demands[i].sku_id;
    end loop;
  end loop;
end
$$;

grant execute on function stock.list_candidates(stock.demand[], text[], text[]) to scoville_definer;
