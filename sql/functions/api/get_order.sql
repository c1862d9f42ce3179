create or replace function api.get_order(
  p_region_id smallint,
  p_order_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_order_id bigint := orders.find_order(p_region_id, p_order_id);
begin
  if v_order_id is null then
    perform app.raise_refusal(orders.refuse_missing(p_region_id, p_order_id));
  end if;
  return query select r.body, r.etag from orders.read_order(p_region_id, v_order_id) r;
end
$$;

comment on function api.get_order(smallint, text) is
  'An order by its ID, or by the external_id that its channel gave it; its ETag begins with its version.
Errors: OR002 OR011';
grant execute on function api.get_order(smallint, text) to admin, warehouse, sales, integration;
