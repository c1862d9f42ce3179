-- Promised units that lost their place, with the warehouses to which they move: the earliest order first, to the warehouses of its channel
-- by their priority, where units are available now and still are after p_movements (which are posted together with the result; what
-- they add goes to the queue) and keep what the order was promised about their time of sale. Units without room stay as they are: the
-- order waits for them.
-- p_warehouse_ids and p_sku_ids: levels that lack units themselves. Changes nothing; the caller has locked all levels of the SKUs.
create or replace function orders.find_room(
  p_region_id smallint,
  p_taken orders.relocation[],
  p_warehouse_ids text[],
  p_sku_ids text[],
  p_movements stock.movement[]
)
  returns orders.relocation[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_warehouses text[];
  v_skus text[];
  v_free bigint[];
  v_part orders.relocation;
  v_at integer;
  v_units integer;
  v_fresh_until date;
  v_decided stock.allocation[] := '{}';  -- moves of units about which a rule promises something
  v_found orders.relocation[] := '{}';
begin
  select coalesce(array_agg(l.warehouse_id), '{}'), coalesce(array_agg(l.sku_id), '{}'), coalesce(array_agg(n.units), '{}')
    into v_warehouses, v_skus, v_free
    from stock.stock_levels l
   cross join lateral (
     select l.available + least(0, coalesce(sum(stock.available_of(m.delta) - coalesce(m.withheld, 0)), 0))::bigint as units
       from unnest(p_movements) m
       left join stock.lot_levels v
         on v.region_id = p_region_id and v.warehouse_id = m.warehouse_id and v.sku_id = m.sku_id and v.lot_id = m.lot_id
      where m.warehouse_id = l.warehouse_id and m.sku_id = l.sku_id and coalesce(v.sellable, true)) n
   where l.region_id = p_region_id and l.sku_id = any (array(select t.sku_id from unnest(p_taken) t)) and n.units > 0
     and (l.warehouse_id, l.sku_id) not in (
       select k.warehouse_id, k.sku_id
         from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) as k (warehouse_id, sku_id));
  for v_part in select t.* from unnest(p_taken) t order by t.order_id loop
    if cardinality(v_free) > 0 then
      v_fresh_until := (
        select f.fresh_until from orders.freshness f
         where f.region_id = p_region_id and f.order_id = v_part.order_id and f.sku_id = v_part.sku_id);
      for v_at in
        select f.ordinality
          from rows from (unnest(v_warehouses), unnest(v_skus)) with ordinality as f (warehouse_id, sku_id, ordinality)
          join catalog.serving_warehouses() s on s.channel_id = v_part.channel_id and s.warehouse_id = f.warehouse_id
         where f.sku_id = v_part.sku_id
         order by s.priority, s.warehouse_id
      loop
        v_units := least(v_part.units, v_free[v_at]);
        if v_fresh_until is not null and v_units > 0 then
          v_units := least(v_units, stock.fresh_room(p_region_id => p_region_id, p_warehouse_id => v_warehouses[v_at],
            p_sku_id => v_part.sku_id, p_fresh_until => v_fresh_until, p_decided => v_decided));
          v_decided := v_decided || stock.new_allocation(p_sku_id => v_part.sku_id, p_warehouse_id => v_warehouses[v_at],
            p_quantity => greatest(v_units, 0), p_freshness => jsonb_build_object('fresh_until', v_fresh_until));
        end if;
        continue when v_units <= 0;
        v_free[v_at] := v_free[v_at] - v_units;
        v_part.units := v_part.units - v_units;
        v_found := v_found || orders.new_relocation(p_order_id => v_part.order_id, p_sku_id => v_part.sku_id,
          p_channel_id => v_part.channel_id, p_warehouse_id => v_part.warehouse_id, p_to_warehouse_id => v_warehouses[v_at],
          p_units => v_units);
      end loop;
    end if;
    if v_part.units > 0 then
      v_found := v_found || v_part;
    end if;
  end loop;
  return v_found;
end
$$;

grant execute on function orders.find_room(smallint, orders.relocation[], text[], text[], stock.movement[]) to scoville_definer;
