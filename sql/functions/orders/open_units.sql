-- The open units of an order per SKU (neither shipped nor released), with those that wait: {SKU: units}.
create or replace function orders.open_units(
  p_region_id smallint,
  p_order_id bigint
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(jsonb_object_agg(o.sku_id, o.units), '{}')
    from (select u.sku_id, sum(u.units) as units
            from (select a.sku_id, a.quantity - a.fulfilled_quantity - a.released_quantity as units
                    from orders.order_allocations a
                   where a.region_id = p_region_id and a.order_id = p_order_id
                  union all
                  select b.sku_id, b.quantity from orders.backorders b where b.region_id = p_region_id and b.order_id = p_order_id) u
           group by u.sku_id) o;
$$;

grant execute on function orders.open_units(smallint, bigint) to scoville_definer;
