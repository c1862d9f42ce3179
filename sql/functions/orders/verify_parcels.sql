-- Where the parcels that left (those that are not undone) disagree: with the ledger about the shipped units of a lot, with the allocations
-- about the units of an order's SKU. A historic order left elsewhere: it has no parcel, and the ledger does not know it.
create or replace function orders.verify_parcels()
  returns table (check_name text, region_id smallint, warehouse_id text, sku_id text, batch_number text, expected bigint, found bigint)
  language sql
  stable
  set search_path = ''
as $$
  with left_units as (
    select l.region_id, f.order_id, l.warehouse_id, l.sku_id, l.lot_id, l.quantity
      from orders.fulfillment_lines l
      join orders.fulfillments f on f.region_id = l.region_id and f.fulfillment_id = l.fulfillment_id and f.canceled_at is null
  )
  select 'parcels of lot', region_id, warehouse_id, t.sku_id, t.batch_number, coalesce(g.units, 0), coalesce(p.units, 0)
    from (select u.region_id, u.warehouse_id, u.lot_id, sum(u.quantity) as units from left_units u group by 1, 2, 3) p
    full join (select m.region_id, m.warehouse_id, m.lot_id, -sum(m.on_hand_delta) as units
                 from stock.stock_movements m
                where m.kind in ('fulfill', 'unfulfill') and m.lot_id is not null
                group by 1, 2, 3) g using (region_id, warehouse_id, lot_id)
    left join stock.lots t using (region_id, lot_id)
   where coalesce(g.units, 0) <> coalesce(p.units, 0)
  union all
  select 'parcels of order', region_id, null, sku_id, null, coalesce(a.units, 0), coalesce(p.units, 0)
    from (select u.region_id, u.order_id, u.sku_id, sum(u.quantity) as units from left_units u group by 1, 2, 3) p
    full join (select n.region_id, n.order_id, n.sku_id, sum(n.fulfilled_quantity) as units
                 from orders.order_allocations n group by 1, 2, 3) a using (region_id, order_id, sku_id)
   where coalesce(a.units, 0) <> coalesce(p.units, 0)
     and (p.units is not null or exists (
       select from orders.fulfillments f where f.region_id = a.region_id and f.order_id = a.order_id));
$$;

grant execute on function orders.verify_parcels() to admin, scoville_worker;
