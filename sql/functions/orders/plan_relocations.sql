-- The moves that a request asks for (items: [{sku_id, quantity, from_warehouse_location, to_warehouse_location}]), or the refusal of the
-- first one that is not possible. Each item sees what the ones before it took. Units that keep what the order was promised about their time
-- of sale move only where such units are. Changes nothing; the caller has locked the levels.
create or replace function orders.plan_relocations(
  p_region_id smallint,
  p_order orders.orders,
  p_items jsonb,
  out relocations orders.relocation[],
  out refusal api.refusal
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_item record;
  v_open jsonb;  -- of the SKU, by warehouse
  v_from text;
  v_available bigint;
begin
  relocations := '{}';
  for v_item in
    select '/items/' || i.ordinality - 1 as pointer, i.value ->> 'sku_id' as sku_id, (i.value ->> 'quantity')::bigint as units,
           i.value ->> 'from_warehouse_location' as from_id, i.value ->> 'to_warehouse_location' as to_id
      from jsonb_array_elements(p_items) with ordinality i
     order by i.ordinality
  loop
    v_open := (
      select jsonb_object_agg(a.warehouse_id, n.units)
        from orders.order_allocations a
       cross join lateral (
         select a.quantity - a.fulfilled_quantity - a.released_quantity - coalesce(sum(r.units), 0)::integer as units
           from unnest(relocations) r
          where r.sku_id = a.sku_id and r.warehouse_id = a.warehouse_id) n
       where a.region_id = p_region_id and a.order_id = p_order.order_id and a.sku_id = v_item.sku_id and n.units > 0
         and a.warehouse_id <> v_item.to_id
         and (app.reaches_all_warehouses() or a.warehouse_id = any (app.claim_warehouses())));
    v_from := coalesce(v_item.from_id, case when (select count(*) from jsonb_object_keys(v_open)) = 1
                                            then (select k from jsonb_object_keys(v_open) k) end);
    v_available := (
      select least(l.available, case when f.fresh_until is not null then greatest(0, stock.fresh_room(p_region_id => p_region_id,
               p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id, p_fresh_until => f.fresh_until)) end)
             - coalesce((select sum(r.units) from unnest(relocations) r
                          where r.sku_id = l.sku_id and r.to_warehouse_id = l.warehouse_id), 0)
        from stock.stock_levels l
        left join orders.freshness f on f.region_id = p_region_id and f.order_id = p_order.order_id and f.sku_id = l.sku_id
       where l.region_id = p_region_id and l.warehouse_id = v_item.to_id and l.sku_id = v_item.sku_id);
    refusal := orders.refuse_relocation(p_region_id => p_region_id, p_order => p_order, p_pointer => v_item.pointer,
      p_sku_id => v_item.sku_id, p_units => v_item.units, p_from => v_from, p_to => v_item.to_id, p_open => coalesce(v_open, '{}'),
      p_available => coalesce(v_available, 0));
    exit when refusal.code is not null;
    relocations := relocations || orders.new_relocation(p_order_id => p_order.order_id, p_sku_id => v_item.sku_id,
      p_channel_id => p_order.channel_id, p_warehouse_id => v_from, p_to_warehouse_id => v_item.to_id,
      p_units => v_item.units::integer);
  end loop;
end
$$;

grant execute on function orders.plan_relocations(smallint, orders.orders, jsonb) to scoville_definer;
