-- One page of orders. Volatile, because what orders.complete_until has seen must be older than the snapshot that reads the orders.
create or replace function api.list_orders(
  p_region_id smallint,
  p_filters jsonb,
  p_cursor text,
  p_limit integer
)
  returns table (body json, next_cursor text)
  language plpgsql
  volatile
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
declare
  v_until timestamptz := case when p_filters ? 'updated_since' then orders.complete_until() end;
begin
  return query
    select l.body, l.next_cursor
      from orders.read_list(p_region_id => p_region_id, p_filters => p_filters, p_until => v_until, p_cursor => p_cursor,
             p_limit => p_limit) l;
end
$$;

comment on function api.list_orders(smallint, jsonb, text, integer) is
  'Orders, the latest first. Filters: from (inclusive), to (exclusive), customer (whole name, e-mail or phone), status '
  '(either kind), fulfillment_status, waiting (for stock), short (promised units are missing), channel, external_id, sku (of a line), '
  'q (words in name, e-mail, numbers). With updated_since (inclusive) the changed orders by updated_at, complete up to the oldest change that still runs.
Errors: VA001';
grant execute on function api.list_orders(smallint, jsonb, text, integer) to admin, warehouse, sales, integration;
