-- Where a line of a purchase disagrees with its deliveries, or the status of a purchase with its lines.
create or replace function supply.verify_purchases()
  returns table (check_name text, region_id smallint, warehouse_id text, sku_id text, batch_number text, expected bigint, found bigint)
  language sql
  stable
  set search_path = ''
as $$
  select c.check_name, l.region_id, l.warehouse_id, l.sku_id, supply.purchase_public_id(l.region_id, l.purchase_id), c.expected, c.found
    from supply.purchase_lines l
    join supply.purchases p on p.region_id = l.region_id and p.purchase_id = l.purchase_id
    left join (
      select r.region_id, r.purchase_id, d.sku_id, sum(d.quantity) filter (where d.condition = 'good') as good,
             sum(d.quantity) filter (where d.condition = 'damaged') as damaged, sum(d.quantity) filter (where d.condition = 'refused') as refused
        from supply.receipts r
        join supply.receipt_lines d on d.region_id = r.region_id and d.receipt_id = r.receipt_id
       group by 1, 2, 3) g
      on g.region_id = l.region_id and g.purchase_id = l.purchase_id and g.sku_id = l.sku_id
   cross join lateral (values
     ('purchase received', coalesce(g.good, 0), l.received::bigint),
     ('purchase damaged', coalesce(g.damaged, 0), l.damaged::bigint),
     ('purchase refused', coalesce(g.refused, 0), l.refused::bigint),
     ('purchase over', greatest(0, l.received + l.damaged + l.refused + l.canceled - l.quantity)::bigint, l.over::bigint),
     ('purchase open', 0::bigint, case when p.status in ('received', 'canceled') then l.open_quantity else 0 end::bigint),
     ('purchase ordered', (p.ordered_at is not null)::integer::bigint, l.is_ordered::integer::bigint)) c (check_name, expected, found)
   where c.expected <> c.found;
$$;

grant execute on function supply.verify_purchases() to admin, scoville_worker;
