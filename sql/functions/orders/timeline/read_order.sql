-- One order as its document, with its timeline and its returns as the last members, and its version.
create or replace function orders.read_order(
  p_region_id smallint,
  p_order_id bigint
)
  returns table (body json, etag text)
  language sql
  stable
  set search_path = ''
as $$
  select (left(d.document::text, -1) || ', "timeline" : ' || orders.timeline(p_region_id, p_order_id)
           || ', "return_status" : ' || to_json(orders.return_status(
             p_region_id => p_region_id, p_order_id => p_order_id, p_document => d.document)) || '}')::json, o.version::text
    from orders.orders o
    join orders.documents(p_region_id, array[p_order_id]) d on d.order_id = o.order_id
   where o.region_id = p_region_id and o.order_id = p_order_id;
$$;

grant execute on function orders.read_order(smallint, bigint) to admin, warehouse, sales, integration;
