-- Definer: the worker may not write to tables; this function cancels unpaid orders.
-- Cancels unpaid orders whose time is over, at most p_limit per call, and returns the number.
-- Lock order: the stock_levels of those orders in key order, then the orders (orders.lock_orders).
create or replace function jobs.cancel_unpaid_orders(
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
  v_over bigint[] := array(
    select o.order_id
      from orders.orders o
     where o.region_id = p_region_id and o.unpaid_until <= app.now()
     order by o.unpaid_until
     limit p_limit);
begin
  if v_over = '{}' then
    return 0;
  end if;
  perform orders.lock_orders(p_region_id, v_over);
  perform orders.cancel_unpaid(p_region_id, v_over);
  return cardinality(v_over);  -- also of those that were confirmed in the meantime: more may be due
end
$$;

alter function jobs.cancel_unpaid_orders(smallint, integer) owner to scoville_definer;
grant execute on function jobs.cancel_unpaid_orders(smallint, integer) to scoville_worker;
