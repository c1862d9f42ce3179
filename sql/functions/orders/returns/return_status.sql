-- How much of an order came back, of the returns and warehouses that the caller sees.
create or replace function orders.return_status(
  p_region_id smallint,
  p_order_id bigint
)
  returns text
  language sql
  stable
  set search_path = ''
  set enable_seqscan = off
as $$
  select case
           when coalesce(sum(l.received), 0) >= (
             select sum(a.fulfilled_quantity) from orders.order_allocations a where a.region_id = p_region_id and a.order_id = p_order_id)
             and sum(l.received) > 0 then 'returned'
           when sum(l.received) > 0 then 'partially_returned'
           when bool_or(r.status in ('requested', 'approved')) then 'requested'
           else 'none' end
    from orders.returns r
    join orders.return_lines l on l.region_id = p_region_id and l.return_id = r.return_id
   where r.region_id = p_region_id and r.order_id = p_order_id;
$$;

grant execute on function orders.return_status(smallint, bigint) to admin, warehouse, sales, integration;
