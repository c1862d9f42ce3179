-- Every disagreement between the ledger, the levels, the lots, the promised units and the latest daily sums. No row means that every
-- unit is accounted for. Reads everything in one snapshot; changes nothing.
create or replace function stock.verify()
  returns table (check_name text, region_id smallint, warehouse_id text, sku_id text, batch_number text,
                 expected bigint, found bigint)
  language sql
  stable
  set search_path = ''
as $$
  with ledger as (
    select m.region_id, m.warehouse_id, m.sku_id, sum(m.on_hand_delta) as on_hand, sum(m.reserved_delta) as reserved,
           sum(m.committed_delta) as committed, sum(m.unavailable_delta) as unavailable,
           sum(m.safety_stock_delta) as safety_stock, sum(m.incoming_delta) as incoming,
           sum(m.shortfall_delta) as shortfall
      from stock.stock_movements m group by 1, 2, 3
  ), lot_ledger as (
    select m.region_id, m.warehouse_id, m.sku_id, m.lot_id, sum(m.on_hand_delta) as on_hand
      from stock.stock_movements m where m.lot_id is not null group by 1, 2, 3, 4
  ), lots as (
    select v.region_id, v.warehouse_id, v.sku_id, sum(v.on_hand) as on_hand,
           sum(case when v.sellable then v.withheld else v.on_hand end) as unsellable
      from stock.lot_levels v group by 1, 2, 3
  ), committed as (
    select a.region_id, a.warehouse_id, a.sku_id, sum(a.quantity - a.fulfilled_quantity - a.released_quantity) as quantity
      from orders.order_allocations a group by 1, 2, 3
  ), reserved as (
    select r.region_id, r.warehouse_id, r.sku_id, sum(r.quantity) as quantity
      from stock.reservation_lines r
      join stock.reservations h on h.region_id = r.region_id and h.reservation_id = r.reservation_id and h.status = 'active'
     group by 1, 2, 3
  ), days as (
    select d.region_id, d.warehouse_id, d.sku_id, k.version, d.on_hand, d.reserved, d.committed, d.unavailable, d.safety_stock,
           d.incoming
      from analytics.stock_marks k
      join analytics.stock_days d
        on d.region_id = k.region_id and d.warehouse_id = k.warehouse_id and d.sku_id = k.sku_id and d.day_on = k.last_on
  ), wanted as (
    select coalesce(l.region_id, g.region_id) as region_id, coalesce(l.warehouse_id, g.warehouse_id) as warehouse_id,
           coalesce(l.sku_id, g.sku_id) as sku_id, c.check_name, c.expected, c.found
      from stock.stock_levels l
      full join ledger g using (region_id, warehouse_id, sku_id)
      left join lots t using (region_id, warehouse_id, sku_id)
      left join committed o using (region_id, warehouse_id, sku_id)
      left join reserved r using (region_id, warehouse_id, sku_id)
      left join days d on d.region_id = l.region_id and d.warehouse_id = l.warehouse_id and d.sku_id = l.sku_id
       and d.version = l.version
     cross join lateral (values
       ('ledger on_hand', coalesce(g.on_hand, 0), l.on_hand::bigint),
       ('ledger reserved', coalesce(g.reserved, 0), l.reserved),
       ('ledger committed', coalesce(g.committed, 0), l.committed),
       ('ledger unavailable', coalesce(g.unavailable, 0), l.unavailable),
       ('ledger safety_stock', coalesce(g.safety_stock, 0), l.safety_stock),
       ('ledger incoming', coalesce(g.incoming, 0), l.incoming),
       ('ledger shortfall', coalesce(g.shortfall, 0), l.shortfall),
       ('lots on_hand', coalesce(t.on_hand, 0), l.on_hand),
       ('lots unsellable', coalesce(t.unsellable, 0), l.unavailable + l.shortfall),
       ('orders committed', coalesce(o.quantity, 0), l.committed),
       ('reservations reserved', coalesce(r.quantity, 0), l.reserved),
       -- Only if every movement is in the daily sums.
       ('days on_hand', case when d.version is not null then l.on_hand end, d.on_hand),
       ('days reserved', case when d.version is not null then l.reserved end, d.reserved),
       ('days committed', case when d.version is not null then l.committed end, d.committed),
       ('days unavailable', case when d.version is not null then l.unavailable end, d.unavailable),
       ('days safety_stock', case when d.version is not null then l.safety_stock end, d.safety_stock),
       ('days incoming', case when d.version is not null then l.incoming end, d.incoming)
     ) c (check_name, expected, found)
     where c.expected is distinct from c.found
  )
  select w.check_name, w.region_id, w.warehouse_id, w.sku_id, null, w.expected, w.found from wanted w
  union all
  select 'ledger of lot', v.region_id, v.warehouse_id, v.sku_id, t.batch_number, coalesce(g.on_hand, 0), v.on_hand
    from stock.lot_levels v
    left join lot_ledger g using (region_id, warehouse_id, sku_id, lot_id)
    join stock.lots t on t.region_id = v.region_id and t.lot_id = v.lot_id
   where coalesce(g.on_hand, 0) <> v.on_hand
  union all
  select o.check_name, o.region_id, null, o.sku_id, null, o.expected, o.found from orders.verify_lines() o
  union all
  select p.* from orders.verify_parcels() p
  union all select h.* from stock.verify_withheld() h
  union all select i.* from supply.verify_incoming() i
  union all select u.* from supply.verify_purchases() u
  union all select f.* from supply.verify_transfers() f
  union all select r.* from orders.verify_returns() r
   order by 2, 3, 4, 1;
$$;

grant execute on function stock.verify() to admin, scoville_worker;
