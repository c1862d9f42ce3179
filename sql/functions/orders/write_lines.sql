-- Replaces the lines of a locked order, with their audit, and moves its units (p_changes and p_waiting, from orders.reallocate).
create or replace function orders.write_lines(
  p_region_id smallint,
  p_order orders.orders,
  p_lines jsonb,
  p_changes jsonb,
  p_waiting jsonb,
  p_old_items jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  -- The audit has only addresses that changed, so that they are told as changed also when an erasure took them.
  v_readdressed text[] := array(
    select sku_id
      from orders.line_addresses(p_old_items) o
      full join orders.line_addresses(p_lines) n using (sku_id)
     where o.addresses is distinct from n.addresses);
begin
  -- First, because a SKU is new only until it has allocations.
  insert into orders.freshness (region_id, order_id, sku_id, channel_id, fresh_until, rule)
  select p_region_id, p_order.order_id, l.sku_id, p_order.channel_id, (f.promise ->> 'fresh_until')::date, f.promise ->> 'rule'
    from orders.line_units(p_lines) l
   cross join lateral orders.freshness_of(p_region_id => p_region_id, p_order => p_order, p_sku_id => l.sku_id) f (promise)
   where f.promise is not null
  on conflict do nothing;
  delete from orders.order_lines l where l.region_id = p_region_id and l.order_id = p_order.order_id;
  insert into orders.order_lines (region_id, order_id, line_no, channel_id, warehouse_ids, sku_id, quantity, price, amount,
    amount_quantity, fulfilled_quantity, canceled_quantity, components, address)
  select p_region_id, p_order.order_id, l.line_no, p_order.channel_id, p_order.warehouse_ids, l.sku_id, l.quantity, l.price, l.amount,
         l.amount_quantity, l.fulfilled, l.canceled, l.components, l.address
    from jsonb_to_recordset(p_lines) as l (line_no smallint, sku_id text, quantity integer, price numeric, amount numeric,
           amount_quantity integer, fulfilled integer, canceled integer, components jsonb, address text)
  on conflict do nothing;
  perform audit.record(p_action => 'update', p_table_name => 'orders.order_lines', p_row_key => p_order.order_id::text,
    p_old => jsonb_build_object('items', (select jsonb_agg(l.value - 'fulfilled' - 'components'
                                                    - case when l.value ->> 'sku_id' = any (v_readdressed) and l.value ->> 'address' is not null then '' else 'address' end
                                                    - case when l.value -> 'canceled' = '0' then 'canceled' else '' end order by l.ordinality)
                                            from jsonb_array_elements(p_old_items) with ordinality l)),
    p_new => jsonb_build_object('items', (
      select jsonb_agg(jsonb_build_object('sku_id', l.sku_id, 'quantity', l.quantity, 'price', l.price, 'amount',
               case when l.amount is not null then orders.line_amount(p_price => l.price, p_amount => l.amount,
                 p_amount_quantity => l.amount_quantity, p_units => l.quantity - l.canceled) end)
               || case when l.canceled > 0 then jsonb_build_object('canceled', l.canceled) else '{}' end
               || case when l.sku_id = any (v_readdressed) and l.address is not null then jsonb_build_object('address', l.address) else '{}' end
               order by l.line_no)
        from jsonb_to_recordset(p_lines) as l (line_no smallint, sku_id text, quantity bigint, price numeric, amount numeric,
               amount_quantity integer, canceled bigint, address text))),
    p_reason => p_order.change_reason, p_actor => p_order.changed_by, p_request_id => p_order.request_id,
    p_region_id => p_region_id);
  update orders.order_allocations a
     set released_quantity = a.released_quantity - c.units
    from jsonb_to_recordset(p_changes) as c (sku_id text, warehouse_id text, units integer)
   where a.region_id = p_region_id and a.order_id = p_order.order_id and a.sku_id = c.sku_id
     and a.warehouse_id = c.warehouse_id and c.units < 0;
  insert into orders.order_allocations as a (region_id, order_id, sku_id, warehouse_id, channel_id, quantity)
  select p_region_id, p_order.order_id, c.sku_id, c.warehouse_id, p_order.channel_id, c.units
    from jsonb_to_recordset(p_changes) as c (sku_id text, warehouse_id text, units integer)
   where c.units > 0
   order by c.sku_id, c.warehouse_id
  on conflict on constraint order_allocations_pkey do update set quantity = a.quantity + excluded.quantity;
  perform orders.write_waiting(p_region_id => p_region_id, p_order => p_order, p_waiting => p_waiting);
  if p_changes <> '[]' then
    perform stock.post_movements(p_region_id, array(
      select stock.new_movement(p_warehouse_id => c.warehouse_id, p_sku_id => c.sku_id,
               p_kind => case when c.units > 0 then 'commit' else 'uncommit' end,
               p_delta => stock.new_counters(p_committed => c.units), p_note => p_order.change_reason,
               p_document => orders.public_id(p_region_id, p_order.order_id), p_actor => p_order.changed_by,
               p_request_id => p_order.request_id)
        from jsonb_to_recordset(p_changes) as c (sku_id text, warehouse_id text, units integer)
       order by c.warehouse_id, c.sku_id));
  end if;
end
$$;

grant execute on function orders.write_lines(smallint, orders.orders, jsonb, jsonb, jsonb, jsonb) to scoville_definer;
