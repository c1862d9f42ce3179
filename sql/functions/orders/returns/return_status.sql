-- How much of an order came back, of the returns and warehouses that the caller sees. p_document: the order.
create or replace function orders.return_status(
  p_region_id smallint,
  p_order_id bigint,
  p_document json
)
  returns text
  language sql
  stable
  set search_path = ''
  set enable_seqscan = off
as $$
  select case
           when coalesce(sum(l.received), 0) >= (
             select sum((a ->> 'fulfilled')::bigint) from json_array_elements(p_document -> 'allocations') a)
             and sum(l.received) > 0 then 'returned'
           when sum(l.received) > 0 then 'partially_returned'
           when bool_or(r.status in ('requested', 'approved')) then 'requested'
           else 'none' end
    from orders.returns r
    join orders.return_lines l on l.region_id = p_region_id and l.return_id = r.return_id
   where r.region_id = p_region_id and r.order_id = p_order_id;
$$;

grant execute on function orders.return_status(smallint, bigint, json) to admin, warehouse, sales, integration;
