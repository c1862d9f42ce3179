create or replace view bi.abc_xyz with (security_invoker = true, security_barrier = true) as
with recent as materialized (
  select r.region_id, r.currency, r.sku_id, (d.today - 1 - r.placed_on) / 7 as weeks_ago, sum(r.ordered - r.withdrawn) as units,
         sum(r.revenue) as revenue
    from analytics.sales_days r
    join catalog.regions g on g.region_id = r.region_id
   cross join lateral (select timezone(g.time_zone, app.now())::date) d (today)
   where r.placed_on between d.today - 91 and d.today - 1
   group by 1, 2, 3, 4
), weeks as (
  select w.region_id, max(w.weeks_ago) + 1 as weeks from recent w group by w.region_id
), sold as (
  select r.region_id, r.currency, r.sku_id, sum(r.units) as units, sum(r.revenue) as revenue,
         sum(r.units) / max(w.weeks) as per_week,
         sqrt(greatest(sum(r.units * r.units) / max(w.weeks) - (sum(r.units) / max(w.weeks)) ^ 2, 0)) as deviation
    from recent r
    join weeks w on w.region_id = r.region_id
   group by r.region_id, r.currency, r.sku_id
), ranked as (
  select s.*, s.revenue / nullif(sum(s.revenue) over (partition by s.region_id, s.currency), 0) as share,
         sum(s.revenue) over (partition by s.region_id, s.currency order by s.revenue desc, s.sku_id)
           / nullif(sum(s.revenue) over (partition by s.region_id, s.currency), 0) as cumulative,
         s.deviation / nullif(s.per_week, 0) as variation
    from sold s
)
select k.region_id, k.currency, k.sku_id, c.name as sku_name, k.units::bigint as units, round(k.revenue, m.decimals)::numeric(20, 4) as revenue,
       k.share::numeric(12, 6) as revenue_share, k.cumulative::numeric(12, 6) as cumulative_share,
       case when k.cumulative - k.share < 0.8 then 'A' when k.cumulative - k.share < 0.95 then 'B' else 'C' end as abc,
       k.per_week::numeric(16, 4) as units_per_week, k.variation::numeric(12, 4) as variation,
       case when k.variation <= 0.5 then 'X' when k.variation <= 1 then 'Y' else 'Z' end as xyz
  from ranked k
  join catalog.skus c on c.sku_id = k.sku_id
  join catalog.currencies m on m.currency = k.currency;

comment on view bi.abc_xyz is
  'One row per region, currency and SKU that was ordered in the last 91 complete days (of the region). ABC by share of revenue, the '
  'greatest first: A until their sum is 80 percent, B until 95, C the rest. XYZ by how evenly it sells: the coefficient of '
  'variation of its units over the 13 weeks (without those before the first order of the region); X up to 0.5, Y up to 1, Z '
  'above. Withdrawn units do not count. As old as the rollup sales in bi.freshness.';
comment on column bi.abc_xyz.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.abc_xyz.currency is 'ISO 4217 code of the amounts.';
comment on column bi.abc_xyz.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.abc_xyz.sku_name is 'The name of the product.';
comment on column bi.abc_xyz.units is 'Units ordered in the 91 days and not withdrawn.';
comment on column bi.abc_xyz.revenue is 'The price of these units.';
comment on column bi.abc_xyz.revenue_share is 'revenue as a share of all SKUs in the currency, from 0 to 1; null where there is no revenue.';
comment on column bi.abc_xyz.cumulative_share is 'The sum of revenue_share of this SKU and all with more revenue; null where there is no revenue.';
comment on column bi.abc_xyz.abc is 'A up to 80 percent of the revenue, B up to 95, C the rest.';
comment on column bi.abc_xyz.units_per_week is 'Mean units per week.';
comment on column bi.abc_xyz.variation is 'Standard deviation of the units of a week / units_per_week; null where that is 0.';
comment on column bi.abc_xyz.xyz is 'X up to a variation of 0.5, Y up to 1, Z above.';
grant select on bi.abc_xyz to bi_reader, admin;
