-- Cancels those of these (locked) orders that are still unpaid and whose time is over. Returns their number.
create or replace function orders.cancel_unpaid(
  p_region_id smallint,
  p_order_ids bigint[]
)
  returns integer
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_over bigint[] := array(
    select o.order_id
      from orders.orders o
     where o.region_id = p_region_id and o.order_id = any (p_order_ids) and o.unpaid_until <= v_now
     order by o.order_id);
begin
  perform orders.release_orders(p_region_id => p_region_id, p_order_ids => v_over,
    p_requests => coalesce((
      select jsonb_agg(jsonb_build_object('reason', 'unpaid', 'meta', jsonb_build_object('actor', 'system')) order by u.ordinality)
        from unnest(v_over) with ordinality u), '[]'),
    p_found => coalesce((select jsonb_object_agg(u.ordinality, u.order_id) from unnest(v_over) with ordinality u (order_id)), '{}'));
  return cardinality(v_over);
end
$$;

grant execute on function orders.cancel_unpaid(smallint, bigint[]) to scoville_definer;
