-- The possible demands of these changes of orders: each SKU that they name, through the channel of its order.
create or replace function orders.read_demands(
  p_region_id smallint,
  p_changes jsonb
)
  returns stock.demand[]
  language sql
  stable
  set search_path = ''
as $$
  select array(
    select distinct stock.new_demand(p_ordinal => 1, p_sku_id => i.value ->> 'sku_id', p_channel_id => o.channel_id,
             p_quantity => 1)
      from jsonb_array_elements(p_changes) e
     cross join lateral (
       select d.channel_id from orders.orders d
        where d.region_id = p_region_id and d.order_id = orders.find_order(p_region_id, e.value ->> 'order_id') offset 0) o
     cross join lateral jsonb_array_elements(coalesce(nullif(e.value -> 'items', 'null'), '[]')) i);
$$;

grant execute on function orders.read_demands(smallint, jsonb) to scoville_definer;
