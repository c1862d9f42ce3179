create or replace view bi.channel_performance with (security_invoker = true, security_barrier = true) as
select h.region_id, h.channel_id, c.name as channel_name, h.month_on, h.currency, h.orders, h.canceled_orders, h.shipped_orders,
       h.units, h.revenue::numeric(20, 4) as revenue,
       (h.revenue / nullif(h.orders - h.canceled_orders, 0))::numeric(20, 4) as average_order_value,
       (h.units::numeric / nullif(h.orders - h.canceled_orders, 0))::numeric(16, 4) as units_per_order,
       (h.canceled_orders::numeric / h.orders)::numeric(12, 4) as cancellation_rate
  from (select r.region_id, r.channel_id, date_trunc('month', timezone(g.time_zone, r.hour_at))::date as month_on, r.currency,
               sum(r.orders)::bigint as orders, sum(r.canceled_orders)::bigint as canceled_orders,
               sum(r.shipped_orders)::bigint as shipped_orders, sum(r.units)::bigint as units,
               sum(r.revenue) as revenue
          from analytics.order_hours r
          join catalog.regions g on g.region_id = r.region_id
         group by 1, 2, 3, 4) h
  join catalog.channels c on c.channel_id = h.channel_id;

comment on view bi.channel_performance is
  'One row per channel, currency and month in which the orders were placed. An unpaid order is no sale: it counts, in the month in '
  'which it was placed, when it is confirmed or canceled. As old as the rollup sales in bi.freshness.';
comment on column bi.channel_performance.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.channel_performance.channel_id is 'The sales channel; joins dim_channel.';
comment on column bi.channel_performance.channel_name is 'The name of the channel.';
comment on column bi.channel_performance.month_on is 'The first day of the month (of the region).';
comment on column bi.channel_performance.currency is 'ISO 4217 code of the amounts.';
comment on column bi.channel_performance.orders is 'Orders placed, including canceled ones.';
comment on column bi.channel_performance.canceled_orders is 'Orders of these that were canceled whole: nothing of them was shipped.';
comment on column bi.channel_performance.shipped_orders is 'Orders of these that were shipped whole so far.';
comment on column bi.channel_performance.units is 'Units ordered in these orders and not canceled: shipped, or still to be shipped.';
comment on column bi.channel_performance.revenue is 'The price of these units.';
comment on column bi.channel_performance.average_order_value is 'revenue / orders that were not canceled.';
comment on column bi.channel_performance.units_per_order is 'units / orders that were not canceled.';
comment on column bi.channel_performance.cancellation_rate is 'canceled_orders / orders, from 0 to 1.';
grant select on bi.channel_performance to bi_reader;
