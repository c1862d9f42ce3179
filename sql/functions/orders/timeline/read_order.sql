-- One order as its document, with its timeline and its returns as the last members, and its tag: the version, and after a dot a digest of
-- what changes without a new version (how much came back, and the days on which units that wait are expected).
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
           || ', "return_status" : ' || to_json(r.status) || '}')::json,
         concat_ws('.', o.version, left(md5(nullif(concat_ws(' ', nullif(r.status, 'none'), b.days), '')), 8))
    from orders.orders o
    join orders.documents(p_region_id, array[p_order_id]) d on d.order_id = o.order_id
   cross join lateral orders.return_status(p_region_id => p_region_id, p_order_id => p_order_id, p_document => d.document) r (status)
   cross join lateral (
     select string_agg(e.value ->> 'promised_on', ' ' order by e.value ->> 'sku_id') as days
       from json_array_elements(d.document -> 'backorders') e) b
   where o.region_id = p_region_id and o.order_id = p_order_id;
$$;

grant execute on function orders.read_order(smallint, bigint) to admin, warehouse, sales, integration;
