-- Writes what waiting orders get, beside the movements: allocations, queue, order and event.
-- The orders may be of any channel of the region: for the time of this call the claims name their channels.
-- Lock order: the caller has locked the levels and the orders (orders.claim_supplies).
create or replace function orders.write_supplies(
  p_region_id smallint,
  p_supplies orders.supply[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_channels text[] := app.claim_channels();
  v_changed_at timestamptz;
  v_orders bigint[];
  v_set text;
begin
  if cardinality(p_supplies) = 0 then
    return;
  end if;
  v_set := set_config('scoville.channels', array(select distinct s.channel_id from unnest(p_supplies) s)::text, true);
  v_changed_at := orders.begin_change();
  insert into orders.order_allocations as a (region_id, order_id, sku_id, warehouse_id, channel_id, quantity)
  select p_region_id, s.order_id, s.sku_id, s.warehouse_id, s.channel_id, s.units
    from unnest(p_supplies) s
  on conflict on constraint order_allocations_pkey do update set quantity = a.quantity + excluded.quantity;
  delete from orders.backorders b
   using unnest(p_supplies) s
   where b.region_id = p_region_id and b.order_id = s.order_id and b.sku_id = s.sku_id and s.is_last;
  update orders.backorders b
     set quantity = b.quantity - s.units
    from (select u.order_id, u.sku_id, sum(u.units) as units
            from unnest(p_supplies) u
           group by u.order_id, u.sku_id
          having not bool_or(u.is_last)) s
   where b.region_id = p_region_id and b.order_id = s.order_id and b.sku_id = s.sku_id;
  with named as (
    select s.order_id, array_agg(distinct s.warehouse_id) as warehouse_ids from unnest(p_supplies) s group by s.order_id
  ), changed as (
    update orders.orders o
       set warehouse_ids = array(select distinct w collate "C" as w from unnest(o.warehouse_ids || n.warehouse_ids) w order by w),
           version = o.version + 1, updated_at = v_changed_at, changed_by = 'system',
           change_reason = 'supplied', request_id = null
      from named n
     where o.region_id = p_region_id and o.order_id = n.order_id
    returning o.order_id
  )
  select array_agg(c.order_id order by c.order_id) into v_orders from changed c;
  -- Rows that are read only through their order have its warehouses, too.
  update orders.order_lines l
     set warehouse_ids = o.warehouse_ids
    from orders.orders o
   where o.region_id = p_region_id and o.order_id = any (v_orders)
     and l.region_id = p_region_id and l.order_id = o.order_id and l.warehouse_ids <> o.warehouse_ids;
  update orders.backorders b
     set warehouse_ids = o.warehouse_ids
    from orders.orders o
   where o.region_id = p_region_id and o.order_id = any (v_orders)
     and b.region_id = p_region_id and b.order_id = o.order_id and b.warehouse_ids <> o.warehouse_ids;
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.supplied', p_order_ids => v_orders);
  v_set := set_config('scoville.channels', coalesce(v_channels::text, ''), true);
end
$$;

grant execute on function orders.write_supplies(smallint, orders.supply[]) to scoville_definer;
