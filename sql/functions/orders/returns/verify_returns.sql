-- Where returns disagree: the received units of a SKU of a return with the withholdings that its receipts opened or with the ledger, and
-- the announced units of a parcel with those that it holds.
create or replace function orders.verify_returns()
  returns table (check_name text, region_id smallint, warehouse_id text, sku_id text, batch_number text, expected bigint, found bigint)
  language sql
  stable
  set search_path = ''
as $$
  select c.check_name, l.region_id, l.warehouse_id, l.sku_id, null, c.expected, l.units
    from (select n.region_id, n.return_id, n.warehouse_id, n.sku_id, sum(n.received) as units
            from orders.return_lines n group by 1, 2, 3, 4) l
    left join (select r.region_id, r.return_id, w.warehouse_id, w.sku_id, sum(w.quantity) as units, sum(m.units) as posted
                 from orders.return_receipts r
                 join stock.withholdings w on w.region_id = r.region_id and w.withholding_id = r.withholding_id and w.cause = 'returned'
                 left join (select g.region_id, g.withholding_id, sum(g.on_hand_delta) as units
                              from stock.stock_movements g
                             where g.kind = 'return' and g.withholding_id is not null
                             group by 1, 2) m on m.region_id = w.region_id and m.withholding_id = w.withholding_id
                group by 1, 2, 3, 4) s
      on s.region_id = l.region_id and s.return_id = l.return_id and s.warehouse_id = l.warehouse_id and s.sku_id = l.sku_id
   cross join lateral (values ('returns withheld', coalesce(s.units, 0)), ('returns of ledger', coalesce(s.posted, 0)))
      c (check_name, expected)
   where c.expected <> l.units
  union all
  select 'returns of parcel', a.region_id, null, a.sku_id, null, coalesce(p.units, 0), a.units
    from (select l.region_id, l.fulfillment_id, l.sku_id, sum(l.quantity - l.given_up) as units
            from orders.return_lines l
            join orders.returns r on r.region_id = l.region_id and r.return_id = l.return_id and r.status <> 'refused'
           where l.fulfillment_id is not null
           group by 1, 2, 3) a
    left join (select l.region_id, l.fulfillment_id, l.sku_id, sum(l.quantity) as units
                 from orders.fulfillment_lines l
                 join orders.fulfillments f on f.region_id = l.region_id and f.fulfillment_id = l.fulfillment_id and f.canceled_at is null
                group by 1, 2, 3) p
      on p.region_id = a.region_id and p.fulfillment_id = a.fulfillment_id and p.sku_id = a.sku_id
   where a.units > coalesce(p.units, 0);
$$;

grant execute on function orders.verify_returns() to admin, scoville_worker;
