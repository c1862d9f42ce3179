create or replace view bi.order_patterns with (security_invoker = true, security_barrier = true) as
select h.region_id, h.channel_id, date_trunc('month', h.at)::date as month_on, extract(isodow from h.at)::integer as iso_weekday,
       extract(hour from h.at)::integer as hour_of_day, sum(h.orders)::bigint as orders, sum(h.units)::bigint as units
  from (select r.region_id, r.channel_id, timezone(g.time_zone, r.hour_at) as at, r.orders, r.units
          from analytics.order_hours r
          join catalog.regions g on g.region_id = r.region_id) h
 group by 1, 2, 3, 4, 5;

comment on view bi.order_patterns is
  'One row per channel, month, weekday and hour (in the time zone of the region) in which orders were placed: when customers order. As old as the '
  'rollup sales in bi.freshness.';
comment on column bi.order_patterns.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.order_patterns.channel_id is 'The sales channel; joins dim_channel.';
comment on column bi.order_patterns.month_on is 'The first day of the month (of the region).';
comment on column bi.order_patterns.iso_weekday is '1 for Monday to 7 for Sunday.';
comment on column bi.order_patterns.hour_of_day is '0 to 23, by the clocks of the region: 9 is from nine to ten.';
comment on column bi.order_patterns.orders is 'Orders placed in this hour, including canceled ones, without unpaid ones.';
comment on column bi.order_patterns.units is 'Units ordered in this hour and not canceled.';
grant select on bi.order_patterns to bi_reader, admin;
