-- The promise about units of a SKU that are added to an order, or null: the same as for those that it has; for a SKU that is new in it,
-- that of the rules of today.
create or replace function orders.freshness_of(
  p_region_id smallint,
  p_order orders.orders,
  p_sku_id text
)
  returns jsonb
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if exists (
    select from orders.order_allocations a
     where a.region_id = p_region_id and a.order_id = p_order.order_id and a.sku_id = p_sku_id) or exists (
    select from orders.backorders b
     where b.region_id = p_region_id and b.order_id = p_order.order_id and b.sku_id = p_sku_id) then
    return (
      select jsonb_build_object('fresh_until', f.fresh_until, 'rule', f.rule)
        from orders.freshness f
       where f.region_id = p_region_id and f.order_id = p_order.order_id and f.sku_id = p_sku_id);
  end if;
  return orders.promised_freshness(p_region_id => p_region_id, p_channel_id => p_order.channel_id,
    p_customer_group => p_order.customer_group, p_sku_id => p_sku_id);
end
$$;

grant execute on function orders.freshness_of(smallint, orders.orders, text) to scoville_definer;
