-- The (locked) levels that may serve each demand, in the order in which they are tried: first those where its reservation has units
-- (held), then by the channel's priority. A warehouse that was closed or taken from the channel gives only the held units.
-- For demands of which some convert a reservation; stock.list_sources is for the others.
create or replace function stock.find_sources(
  p_region_id smallint,
  p_demands stock.demand[],
  p_candidates stock.candidate[]
)
  returns stock.source[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
  with demands as (
    select d.* from unnest(p_demands) with ordinality d
  ), serving as (
    select w.channel_id, w.warehouse_id, w.priority from catalog.serving_warehouses() w
  ), reach as (
    select s.channel_id, s.warehouse_id, s.priority, true as serves from serving s
     union all
    select distinct d.channel_id, r.warehouse_id, null::smallint, false
      from demands d
      join stock.reservation_lines r on r.region_id = p_region_id and r.reservation_id = d.reservation_id
     where (d.channel_id, r.warehouse_id) not in (select s.channel_id, s.warehouse_id from serving s)
  ), choices as (
    select d.ordinality as nth, l.ordinality as level, coalesce(r.quantity, 0) as held, w.serves,
           row_number() over (partition by d.ordinality order by r.quantity is null, w.priority, w.warehouse_id) as turn
      from demands d
      left join (reach w
                 join unnest(p_candidates) with ordinality l on l.warehouse_id = w.warehouse_id)
        on w.channel_id = d.channel_id and l.sku_id = d.sku_id
      left join stock.reservation_lines r
        on r.region_id = p_region_id and r.reservation_id = d.reservation_id and r.sku_id = d.sku_id
       and r.warehouse_id = l.warehouse_id
  )
  select stock.new_source(
           p_levels => coalesce(array_agg(c.level::integer order by c.turn) filter (where c.level is not null), '{}'),
           p_held => array_agg(c.held::integer order by c.turn), p_serves => array_agg(c.serves order by c.turn))
    from choices c
   group by c.nth
   order by c.nth);
end
$$;

grant execute on function stock.find_sources(smallint, stock.demand[], stock.candidate[]) to scoville_definer;
