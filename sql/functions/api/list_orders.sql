-- One page of orders, the latest first. Absent filters are null and drop out, because the plan is made for the values.
create or replace function api.list_orders(
  p_region_id smallint,
  p_filters jsonb,
  p_cursor text,
  p_limit integer
)
  returns table (body json, next_cursor text)
  language plpgsql
  stable
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
declare
  c_year_1 constant bigint := 62135596800000000;  -- microseconds from year 1 to 1970: a cursor has no negative numbers
  v_position jsonb := app.decode_cursor(p_cursor => p_cursor, p_list => 'orders', p_values => 2);
  v_before_at timestamptz := timestamptz 'epoch' + (app.cursor_number(v_position ->> 1) - c_year_1) * interval '1 microsecond';
  v_before_id bigint := app.cursor_number(v_position ->> 2);
  v_from timestamptz := app.read_moment(p_region_id, p_filters ->> 'from');
  v_to timestamptz := app.read_moment(p_region_id, p_filters ->> 'to');
  v_customer text := lower(p_filters ->> 'customer');
  v_status text := p_filters ->> 'status';
  v_customer_orders bigint[];
  v_sku text := p_filters ->> 'sku';
  v_ids bigint[];
  v_at timestamptz;
begin
  if v_customer is not null then
    -- Two lookups by index: with "or" the planner would read every order.
    v_customer_orders := array(
      select k.order_id from orders.orders k where k.region_id = p_region_id and k.customer_key = v_customer
      union
      select c.order_id from orders.order_contacts c where c.region_id = p_region_id and c.email_key = v_customer);
  end if;
  select coalesce(array_agg(s.order_id order by s.placed_at desc, s.order_id desc), '{}'),
         min(s.placed_at) filter (where s.nth = p_limit)
    into v_ids, v_at
    from (select o.order_id, o.placed_at, row_number() over (order by o.placed_at desc, o.order_id desc) as nth
            from orders.orders o
           where o.region_id = p_region_id
             and (v_before_id is null or (o.placed_at, o.order_id) < (v_before_at, v_before_id))
             and (v_from is null or o.placed_at >= v_from)
             and (v_to is null or o.placed_at < v_to)
             and (v_status is null or v_status in (o.status, o.fulfillment_status))
             and (v_customer is null or o.order_id = any (v_customer_orders))
             and (v_sku is null or o.order_id in (
               select l.order_id from orders.order_allocations l where l.region_id = p_region_id and l.sku_id = v_sku))
           order by o.placed_at desc, o.order_id desc
           limit p_limit + 1) s;
  next_cursor := case when cardinality(v_ids) > p_limit
                      then app.encode_cursor(jsonb_build_array('orders',
                        (c_year_1 + (extract(epoch from v_at) * 1000000)::bigint)::text, v_ids[p_limit]::text)) end;
  return query
    select json_build_object('data', coalesce(json_agg(d.document
             order by array_position(v_ids, d.order_id)), '[]'), 'next_cursor', list_orders.next_cursor),
           list_orders.next_cursor
      from orders.documents(p_region_id, v_ids[:p_limit]) d;
end
$$;

comment on function api.list_orders(smallint, jsonb, text, integer) is
  'Orders, the latest first. Filters: from (inclusive), to (exclusive), customer (whole name or e-mail), status (either '
  'kind), sku.
Errors: VA001';
grant execute on function api.list_orders(smallint, jsonb, text, integer) to admin, warehouse, sales, integration;
