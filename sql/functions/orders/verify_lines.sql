-- The SKUs of orders whose lines disagree with their allocations about what was shipped, or with allocations and backorders about what
-- is kept: ordered less canceled = allocated less released, and waiting.
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
    full join (select b.region_id, b.order_id, b.sku_id, sum(b.quantity) as waiting
                 from orders.backorders b group by 1, 2, 3) w using (region_id, order_id, sku_id)
   cross join lateral (values
     ('lines fulfilled', coalesce(d.shipped, 0), coalesce(n.shipped, 0)),
     ('lines kept', coalesce(d.kept, 0) + coalesce(w.waiting, 0), coalesce(n.kept, 0))) c (check_name, expected, found)
   where c.expected <> c.found;
$$;

grant execute on function orders.verify_lines() to admin, scoville_worker;
