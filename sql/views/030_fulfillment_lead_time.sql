create or replace view bi.fulfillment_lead_time with (security_invoker = true, security_barrier = true) as
select c.region_id, c.month_on, c.channel_id, c.warehouse_id, max(c.total)::bigint as parcels,
       (sum(c.seconds) / max(c.total) / 3600)::numeric(12, 2) as average_hours,
       min(c.hours) filter (where c.running >= c.total * 0.5) as median_hours,
       min(c.hours) filter (where c.running >= c.total * 0.9) as p90_hours, max(c.hours) as hours_max
  from (select h.*, sum(h.parcels) over (partition by h.region_id, h.month_on, h.channel_id, h.warehouse_id) as total,
               sum(h.parcels) over (partition by h.region_id, h.month_on, h.channel_id, h.warehouse_id order by h.hours) as running
          from (select r.region_id, date_trunc('month', r.placed_on::timestamp)::date as month_on, r.channel_id, r.warehouse_id,
                       r.hours,
                       sum(r.parcels) as parcels, sum(r.seconds) as seconds
                  from analytics.lead_hours r
                 group by 1, 2, 3, 4, 5) h) c
 group by c.region_id, c.month_on, c.channel_id, c.warehouse_id;

comment on view bi.fulfillment_lead_time is
  'One row per channel, warehouse and month in which the orders were placed: hours from the order at its source until a parcel '
  'left. As old as the rollup sales in bi.freshness.';
comment on column bi.fulfillment_lead_time.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.fulfillment_lead_time.month_on is 'The first day of the month (of the region).';
comment on column bi.fulfillment_lead_time.channel_id is 'The sales channel; joins dim_channel.';
comment on column bi.fulfillment_lead_time.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.fulfillment_lead_time.parcels is 'Parcels that left so far.';
comment on column bi.fulfillment_lead_time.average_hours is 'Mean, exact to the second.';
comment on column bi.fulfillment_lead_time.median_hours is 'Half of the parcels left within this many whole hours.';
comment on column bi.fulfillment_lead_time.p90_hours is '90 percent of the parcels left within this many whole hours.';
comment on column bi.fulfillment_lead_time.hours_max is 'Whole hours of the slowest parcel.';
grant select on bi.fulfillment_lead_time to bi_reader, admin, warehouse, sales;
