-- The movements of the orders that were allocated: each unit from available to committed; those of a converted reservation from
-- reserved to committed, in one movement; what the order leaves of its reservation back to available.
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
declare
  v_movements stock.movement[];
begin
  with parts as (
    select d.ordinal, d.order_id, d.reservation_id, d.actor, d.request_id, a.sku_id, a.warehouse_id, a.quantity as taken,
           coalesce(r.quantity, 0) as held
      from unnest(p_drafts) d
      join unnest(p_allocations) a on a.ordinal = d.ordinal
      left join stock.reservation_lines r
        on r.region_id = p_region_id and r.reservation_id = d.reservation_id and r.sku_id = a.sku_id
       and r.warehouse_id = a.warehouse_id
     where d.order_id is not null
  ), movements as (
    select p.ordinal, p.sku_id, p.warehouse_id,
           row(p.warehouse_id, p.sku_id, 'commit', null, null, nullif(-least(p.held, p.taken), 0), p.taken, null, null, null,
               null, null, orders.public_id(p_region_id, p.order_id), p.actor, p.request_id, null, null)::stock.movement
             as movement
      from parts p
     union all
    select d.ordinal, r.sku_id, r.warehouse_id,
           row(r.warehouse_id, r.sku_id, 'release', null, null, coalesce(p.taken, 0) - r.quantity, null, null, null, null, null,
               'not ordered', stock.reservation_public_id(p_region_id, d.reservation_id), d.actor, d.request_id, null,
               null)::stock.movement
      from unnest(p_drafts) d
      join stock.reservation_lines r on r.region_id = p_region_id and r.reservation_id = d.reservation_id
      left join parts p on p.ordinal = d.ordinal and p.sku_id = r.sku_id and p.warehouse_id = r.warehouse_id
     where d.order_id is not null and r.quantity > coalesce(p.taken, 0)
  )
  select array_agg(m.movement order by m.ordinal, m.sku_id, m.warehouse_id) into v_movements from movements m;
  return v_movements;
end
$$;

grant execute on function orders.draft_movements(smallint, orders.draft[], stock.allocation[]) to scoville_definer;
