-- Recomputes the units promised, shipped and withdrawn for the orders of a day. An unpaid order counts when it is confirmed (or
-- canceled).
-- The revenue of a SKU is the price of what is not canceled of its lines in the order, divided among the warehouses by the units
-- that each ships: together the order's total_price, as soon as nothing of it waits for stock. A bundle counts as its components, which
-- share its price by their units.
create or replace function analytics.sum_sales_days(
  p_region_id smallint,
  p_day date,
  p_time_zone text
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  with fresh as materialized (
    select o.channel_id, a.warehouse_id, a.sku_id, o.currency, sum(a.quantity) as ordered, sum(a.fulfilled_quantity) as shipped,
           sum(a.released_quantity) as withdrawn,
           coalesce(sum(round(p.amount * (a.quantity - a.released_quantity) / nullif(p.units, 0), 6)), 0) as revenue
      from orders.orders o
      join orders.order_allocations a on a.region_id = p_region_id and a.order_id = o.order_id
      left join lateral (
        select sum(orders.line_amount(p_price => l.price, p_amount => l.amount, p_amount_quantity => l.amount_quantity,
                 p_units => l.quantity - l.canceled_quantity) * c.share), sum((l.quantity - l.canceled_quantity) * c.units)
          from orders.order_lines l
         cross join lateral (
           select 1, 1.0 where l.components is null and l.sku_id = a.sku_id
            union all
           select b.quantity, b.quantity::numeric / b.size
             from (select n.sku_id, n.quantity, sum(n.quantity) over () as size
                     from jsonb_to_recordset(l.components) as n (sku_id text, quantity integer)) b
            where b.sku_id = a.sku_id) c (units, share)
         where l.region_id = p_region_id and l.order_id = a.order_id) p (amount, units) on true
     where o.region_id = p_region_id and o.unpaid_until is null and o.unpaid_left is null
       and o.placed_at >= app.day_begins_at(p_day, p_time_zone)
       and o.placed_at < app.day_begins_at(p_day + 1, p_time_zone)
     group by o.channel_id, a.warehouse_id, a.sku_id, o.currency
  ), gone as (
    delete from analytics.sales_days d
     where d.region_id = p_region_id and d.placed_on = p_day
       and (d.channel_id, d.warehouse_id, d.sku_id, d.currency) not in (
         select f.channel_id, f.warehouse_id, f.sku_id, f.currency from fresh f)
  )
  insert into analytics.sales_days as d
    (region_id, placed_on, channel_id, warehouse_id, sku_id, currency, ordered, shipped, withdrawn, revenue)
  select p_region_id, p_day, f.channel_id, f.warehouse_id, f.sku_id, f.currency, f.ordered, f.shipped, f.withdrawn, f.revenue
    from fresh f
  on conflict on constraint sales_days_pkey do update
    set ordered = excluded.ordered, shipped = excluded.shipped, withdrawn = excluded.withdrawn, revenue = excluded.revenue
  where (d.ordered, d.shipped, d.withdrawn, d.revenue)
        <> (excluded.ordered, excluded.shipped, excluded.withdrawn, excluded.revenue);
$$;

grant execute on function analytics.sum_sales_days(smallint, date, text) to scoville_definer;
