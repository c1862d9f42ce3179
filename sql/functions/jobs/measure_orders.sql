-- Definer: the worker may count the orders of every channel, but not read them.
-- Orders of the last hour by region: the number per status, and the units and value of what was not canceled. Reads at most the
-- newest 10,000 orders per region, so the cost does not grow with the number of orders. Also the unpaid orders, however old: they are
-- few, and have an index.
create or replace function jobs.measure_orders()
  returns table (figure text, labels jsonb, value numeric)
  language plpgsql
  stable
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set jit = off
as $$
declare
  c_orders_max constant integer := 10000;
  c_counted_max constant integer := 100000;
  v_since timestamptz := app.now() - interval '1 hour';
  v_until timestamptz := app.now();
begin
  return query
    with recent as materialized (
      select r.region_id, o.order_id, o.status, o.currency, o.total_price
        from catalog.regions r
       cross join lateral (
         select o.order_id, o.status, o.currency, o.total_price
           from orders.orders o
          where o.region_id = r.region_id and o.placed_at > v_since and o.placed_at <= v_until
          order by o.placed_at desc, o.order_id desc
          limit c_orders_max) o
    )
    select 'recent_orders', jsonb_build_object('region', r.region_id::text, 'status', s.status), count(o.order_id)::numeric
      from catalog.regions r
     cross join (values ('pending'), ('processing'), ('on_hold'), ('completed'), ('canceled')) s (status)
      left join recent o on o.region_id = r.region_id and o.status = s.status
     group by r.region_id, s.status
    union all
    select 'recent_order_value', jsonb_build_object('region', o.region_id::text, 'currency', o.currency), sum(o.total_price)
      from recent o
     where o.status <> 'canceled'
     group by o.region_id, o.currency
    union all
    select 'recent_units', jsonb_build_object('region', r.region_id::text), coalesce(sum(l.quantity - l.canceled_quantity), 0)
      from catalog.regions r
      left join (recent o
            join orders.order_lines l on l.region_id = o.region_id and l.order_id = o.order_id)
        on o.region_id = r.region_id and o.status <> 'canceled'
     group by r.region_id
    union all
    select 'unpaid_orders', jsonb_build_object('region', r.region_id::text), count(u.unpaid_until)::numeric
      from catalog.regions r
      left join lateral (
        select o.unpaid_until
          from orders.orders o
         where o.region_id = r.region_id and o.unpaid_until is not null
         order by o.unpaid_until
         limit c_counted_max) u on true
     group by r.region_id;
end
$$;

alter function jobs.measure_orders() owner to scoville_definer;
grant execute on function jobs.measure_orders() to scoville_worker;
