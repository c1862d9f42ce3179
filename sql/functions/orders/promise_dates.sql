-- Definer: a caller sees only his own channels or warehouses, but the day of an order depends on the whole queue and on all that is expected.
-- The earliest day on which what is expected by then in the warehouses of its channel (open units of purchases, and units in transit that can be
-- sold on the day on which they arrive) covers an order that waits for these SKUs, less the missing units there (shortfall) and all that
-- waits before it for any of these warehouses; null: no such day. A day that has passed promises nothing, nor does a document without a day.
-- While it reads, the claims include all warehouses of the region: nobody learns more than the day.
-- p_channel_id and p_units: one more row, with order_id null, for units that would wait last.
create or replace function orders.promise_dates(
  p_region_id smallint,
  p_sku_ids text[],
  p_channel_id text default null,
  p_units bigint default null
)
  returns table (order_id bigint, sku_id text, promised_on date)
  language plpgsql
  stable
  security definer
  set search_path = ''
as $$
declare
  v_claim text[] := app.claim_warehouses();
begin
  perform set_config('scoville.warehouses', array(select w.warehouse_id from catalog.warehouses w where w.region_id = p_region_id)::text, true);
  return query
    with waiting as materialized (
    select b.order_id, b.sku_id, b.channel_id, b.quantity::bigint as units, b.priority, b.queued_at
      from orders.backorders b
     where b.region_id = p_region_id and b.sku_id = any (p_sku_ids)
     union all
    select null, k.sku_id, p_channel_id, p_units, -32768, 'infinity' from unnest(p_sku_ids) k (sku_id) where p_units is not null
  ), serving as materialized (
    select s.channel_id, s.warehouse_id from catalog.serving_warehouses() s
     where s.region_id = p_region_id and s.channel_id in (select w.channel_id from waiting w)
  ), arrivals as materialized (
    select l.sku_id, l.warehouse_id, coalesce(l.expected_on, p.expected_on) as due_on, l.open_quantity::bigint as units
      from supply.purchase_lines l
      join supply.purchases p on p.region_id = p_region_id and p.purchase_id = l.purchase_id
     where l.region_id = p_region_id and l.sku_id = any (p_sku_ids) and l.is_ordered and l.open_quantity > 0
       and coalesce(l.expected_on, p.expected_on) >= app.today(p_region_id)
     union all
    select t.sku_id, t.to_warehouse_id, f.expected_on, t.in_transit::bigint
      from supply.transfer_lots t
      join supply.transfers f on f.region_id = p_region_id and f.transfer_id = t.transfer_id
      join stock.lots b on b.region_id = p_region_id and b.lot_id = t.lot_id
     where t.region_id = p_region_id and t.sku_id = any (p_sku_ids) and t.in_transit > 0 and not t.withheld
       and f.expected_on >= app.today(p_region_id)
       and stock.lot_status(p_status => b.status, p_expiration_date => b.expiration_date, p_today => f.expected_on) = 'available'
  ), rivals as materialized (
    select distinct a.channel_id, b.channel_id as rival_id from serving a join serving b on b.warehouse_id = a.warehouse_id
  ), queue as (
    select w.order_id, w.sku_id, r.channel_id, w.channel_id = r.channel_id as is_own,
           sum(w.units) over (partition by w.sku_id, r.channel_id order by w.priority desc, w.queued_at, w.order_id nulls last) as needed
      from waiting w
      join rivals r on r.rival_id = w.channel_id
  ), supply as (
    select d.sku_id, d.channel_id, d.due_on, sum(d.units) over (partition by d.sku_id, d.channel_id order by d.due_on) - coalesce(m.units, 0) as units
      from (select a.sku_id, s.channel_id, a.due_on, sum(a.units) as units
              from arrivals a join serving s on s.warehouse_id = a.warehouse_id
             group by 1, 2, 3) d
      left join lateral (
        select sum(v.shortfall) as units
          from stock.stock_levels v
          join serving s on s.channel_id = d.channel_id and s.warehouse_id = v.warehouse_id
         where v.region_id = p_region_id and v.sku_id = d.sku_id) m on true
  )
  select w.order_id, w.sku_id, min(s.due_on)
    from waiting w
    left join queue q on q.is_own and q.sku_id = w.sku_id and q.channel_id = w.channel_id and q.order_id is not distinct from w.order_id
    left join supply s on s.sku_id = q.sku_id and s.channel_id = q.channel_id and s.units >= q.needed
   group by w.order_id, w.sku_id;
  perform set_config('scoville.warehouses', coalesce(v_claim::text, ''), true);
end
$$;

alter function orders.promise_dates(smallint, text[], text, bigint) owner to scoville_definer;
grant execute on function orders.promise_dates(smallint, text[], text, bigint) to admin, warehouse, sales, integration;
