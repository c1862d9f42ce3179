-- The SKUs of orders whose lines disagree with their allocations about what was shipped, or with allocations and backorders about what
-- is kept: ordered less canceled = allocated less released, and waiting. A bundle counts as the components that its line froze: its own
-- units are those of which all components left, and it has no level.
create or replace function orders.verify_lines()
  returns table (check_name text, region_id smallint, sku_id text, expected bigint, found bigint)
  language sql
  stable
  set search_path = ''
as $$
  select c.check_name, region_id, sku_id, c.expected, c.found
    from (select l.region_id, l.order_id, coalesce(c.sku_id, l.sku_id) as sku_id,
                 sum(coalesce(c.fulfilled, l.fulfilled_quantity)) as shipped,
                 sum(greatest((l.quantity - l.canceled_quantity) * coalesce(c.quantity, 1), c.fulfilled)) as kept
            from orders.order_lines l
            left join lateral jsonb_to_recordset(l.components) as c (sku_id text, quantity bigint, fulfilled bigint) on true
           group by 1, 2, 3) n
    full join (select a.region_id, a.order_id, a.sku_id, sum(a.fulfilled_quantity) as shipped,
                      sum(a.quantity - a.released_quantity) as kept
                 from orders.order_allocations a group by 1, 2, 3) d using (region_id, order_id, sku_id)
    full join (select b.region_id, b.order_id, b.sku_id, sum(b.quantity) as waiting
                 from orders.backorders b group by 1, 2, 3) w using (region_id, order_id, sku_id)
   cross join lateral (values
     ('lines fulfilled', coalesce(d.shipped, 0), coalesce(n.shipped, 0)),
     ('lines kept', coalesce(d.kept, 0) + coalesce(w.waiting, 0), coalesce(n.kept, 0))) c (check_name, expected, found)
   where c.expected <> c.found
  union all
  select 'bundles fulfilled', l.region_id, l.sku_id, b.whole, l.fulfilled_quantity
    from catalog.regions r
    join orders.order_lines l on l.region_id = r.region_id
   cross join lateral (
     select least(min(c.fulfilled / c.quantity), l.quantity - l.canceled_quantity)
       from jsonb_to_recordset(l.components) as c (quantity bigint, fulfilled bigint)) b (whole)
   where l.components is not null and l.fulfilled_quantity <> b.whole
  union all
  select 'levels of bundles', l.region_id, l.sku_id, 0, count(*)
    from catalog.regions r
    join stock.stock_levels l on l.region_id = r.region_id
    join catalog.skus k on k.sku_id = l.sku_id and k.components <> '[]'
   group by 2, 3;
$$;

grant execute on function orders.verify_lines() to admin, scoville_worker;
