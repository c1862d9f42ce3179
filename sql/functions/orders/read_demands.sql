-- The possible demands of these changes of orders (orders.name_components): each SKU that they name, through the channel of its order. A bundle
-- demands what it is made of, and what the lines of the order froze.
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
    select distinct stock.new_demand(p_ordinal => 1, p_sku_id => u.sku_id, p_channel_id => o.channel_id, p_quantity => 1)
      from jsonb_array_elements(p_changes) e
     cross join lateral (select orders.find_order(p_region_id, e.value ->> 'order_id') offset 0) f (order_id)
     cross join lateral (
       select d.channel_id, d.order_id from orders.orders d where d.region_id = p_region_id and d.order_id = f.order_id offset 0) o
     cross join lateral jsonb_array_elements(coalesce(nullif(e.value -> 'items', 'null'), '[]')) i
     cross join lateral (
       select i.value ->> 'sku_id' where i.value -> 'components' = 'null'
       union
       select c.value ->> 'sku_id' from jsonb_array_elements(nullif(i.value -> 'components', 'null')) c
       union
       select c.value ->> 'sku_id'
         from orders.order_lines l
        cross join lateral jsonb_array_elements(l.components) c
        where l.region_id = p_region_id and l.order_id = o.order_id and l.sku_id = i.value ->> 'sku_id') u (sku_id));
$$;

grant execute on function orders.read_demands(smallint, jsonb) to scoville_definer;
