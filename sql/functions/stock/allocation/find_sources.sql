-- The (locked) levels that may serve each demand, in the order in which they are tried: first those where its reservation has units
-- (held), then by the channel's priority. serves: whether the level may give more than is held. A warehouse that was closed or
-- taken from the channel gives only the held units.
create or replace function stock.find_sources(
  p_region_id smallint,
  p_demands stock.demand[],
  p_warehouse_ids text[],
  p_sku_ids text[]
)
  returns table (ordinal integer, sku_id text, quantity integer, reservation_id bigint, levels integer[], held integer[],
                 serves boolean[])
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
  with serving as (
    select w.channel_id, w.warehouse_id, w.priority from catalog.serving_warehouses() w
  ), reach as (
    select s.channel_id, s.warehouse_id, s.priority, true as serves from serving s
     union all
    select distinct d.channel_id, r.warehouse_id, null::smallint, false
      from unnest(p_demands) d
      join stock.reservation_lines r on r.region_id = p_region_id and r.reservation_id = d.reservation_id
     where (d.channel_id, r.warehouse_id) not in (select s.channel_id, s.warehouse_id from serving s)
  ), choices as (
    select d.ordinal, d.sku_id, d.quantity, d.reservation_id, l.level, coalesce(r.quantity, 0) as held, w.serves,
           row_number() over (partition by d.ordinal, d.sku_id order by r.quantity is null, w.priority, w.warehouse_id) as turn
      from unnest(p_demands) d
      left join (reach w
                 join rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) with ordinality
                   as l (warehouse_id, sku_id, level) on l.warehouse_id = w.warehouse_id)
        on w.channel_id = d.channel_id and l.sku_id = d.sku_id
      left join stock.reservation_lines r
        on r.region_id = p_region_id and r.reservation_id = d.reservation_id and r.sku_id = d.sku_id
       and r.warehouse_id = l.warehouse_id
  )
  select c.ordinal, c.sku_id, c.quantity, c.reservation_id,
         coalesce(array_agg(c.level::integer order by c.turn) filter (where c.level is not null), '{}'),
         array_agg(c.held order by c.turn),
         array_agg(c.serves order by c.turn)
    from choices c
   group by c.ordinal, c.sku_id, c.quantity, c.reservation_id
   order by c.ordinal, c.sku_id;
end
$$;

grant execute on function stock.find_sources(smallint, stock.demand[], text[], text[]) to scoville_definer;
