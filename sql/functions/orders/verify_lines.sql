-- The SKUs of orders whose lines and allocations disagree about what was shipped, or about what is kept (not canceled, not released).
create or replace function orders.verify_lines()
  returns table (check_name text, region_id smallint, sku_id text, expected bigint, found bigint)
  language sql
  stable
  set search_path = ''
as $$
  select c.check_name, region_id, sku_id, c.expected, c.found
    from (select l.region_id, l.order_id, l.sku_id, sum(l.fulfilled_quantity) as shipped, sum(l.quantity - l.canceled_quantity) as kept
            from orders.order_lines l group by 1, 2, 3) n
    full join (select a.region_id, a.order_id, a.sku_id, sum(a.fulfilled_quantity) as shipped,
                      sum(a.quantity - a.released_quantity) as kept
                 from orders.order_allocations a group by 1, 2, 3) d using (region_id, order_id, sku_id)
   cross join lateral (values
     ('lines fulfilled', coalesce(d.shipped, 0), coalesce(n.shipped, 0)),
     ('lines kept', coalesce(d.kept, 0), coalesce(n.kept, 0))) c (check_name, expected, found)
   where c.expected <> c.found;
$$;

grant execute on function orders.verify_lines() to admin, scoville_worker;
