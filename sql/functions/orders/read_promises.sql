-- The promised days of all orders that wait for these SKUs: {order_id: {sku_id: day}}.
create or replace function orders.read_promises(
  p_region_id smallint,
  p_sku_ids text[]
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(jsonb_object_agg(o.order_id, o.days), '{}')
    from (select d.order_id, jsonb_object_agg(d.sku_id, d.promised_on) as days
            from orders.promise_dates(p_region_id, p_sku_ids) d
           group by d.order_id) o;
$$;

grant execute on function orders.read_promises(smallint, text[]) to scoville_definer;
