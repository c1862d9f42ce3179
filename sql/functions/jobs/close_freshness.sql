-- Definer: the worker may not write to tables; this function closes promises about the time of sale whose order is over.
-- At most p_limit per call. Returns their number.
create or replace function jobs.close_freshness(
  p_region_id smallint,
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_closed integer;
begin
  with over as (
    select f.order_id, f.sku_id
      from orders.freshness f
      join orders.orders o on o.region_id = p_region_id and o.order_id = f.order_id
     where f.region_id = p_region_id and f.is_open and o.status in ('completed', 'canceled')
     order by f.order_id, f.sku_id
     limit p_limit
       for no key update of o skip locked  -- a parcel that is being undone opens the promise again
  ), closed as (
    update orders.freshness f
       set is_open = false
      from over v
     where f.region_id = p_region_id and f.order_id = v.order_id and f.sku_id = v.sku_id
    returning 1
  )
  select count(*) into v_closed from closed;
  return v_closed;
end
$$;

alter function jobs.close_freshness(smallint, integer) owner to scoville_definer;
grant execute on function jobs.close_freshness(smallint, integer) to scoville_worker;
