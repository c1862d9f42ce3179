-- The movements of the allocated orders; historic ones move nothing. Each unit moves from available to committed. Units of a
-- converted reservation move from reserved to committed in one movement, and the units that the order leaves return to available.
create or replace function orders.draft_movements(
  p_region_id smallint,
  p_drafts orders.draft[],
  p_allocations stock.allocation[]
)
  returns stock.movement[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return (
  with parts as (
    select d.ordinal, d.order_id, d.reservation_id, d.actor, d.request_id, a.sku_id, a.warehouse_id, a.quantity as taken,
           coalesce(r.quantity, 0) as held
      from unnest(p_drafts) d
      join unnest(p_allocations) a on a.ordinal = d.ordinal and a.warehouse_id is not null and not d.historic
      left join stock.reservation_lines r
        on r.region_id = p_region_id and r.reservation_id = d.reservation_id and r.sku_id = a.sku_id
       and r.warehouse_id = a.warehouse_id
  ), movements as (
    select p.ordinal, p.sku_id, p.warehouse_id,
           stock.new_movement(p_warehouse_id => p.warehouse_id, p_sku_id => p.sku_id, p_kind => 'commit',
             p_delta => stock.new_counters(p_reserved => -least(p.held, p.taken), p_committed => p.taken),
             p_document => orders.public_id(p_region_id, p.order_id), p_actor => p.actor, p_request_id => p.request_id)
             as movement
      from parts p
     union all
    select d.ordinal, r.sku_id, r.warehouse_id,
           stock.new_movement(p_warehouse_id => r.warehouse_id, p_sku_id => r.sku_id, p_kind => 'release',
             p_delta => stock.new_counters(p_reserved => coalesce(p.taken, 0) - r.quantity), p_note => 'not ordered',
             p_document => stock.reservation_public_id(p_region_id, d.reservation_id), p_actor => d.actor,
             p_request_id => d.request_id)
      from unnest(p_drafts) d
      join stock.reservation_lines r on r.region_id = p_region_id and r.reservation_id = d.reservation_id
      left join parts p on p.ordinal = d.ordinal and p.sku_id = r.sku_id and p.warehouse_id = r.warehouse_id
     where r.quantity > coalesce(p.taken, 0)
  )
  select array_agg(m.movement order by m.ordinal, m.sku_id, m.warehouse_id) from movements m);
end
$$;

grant execute on function orders.draft_movements(smallint, orders.draft[], stock.allocation[]) to scoville_definer;
