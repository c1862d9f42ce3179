-- Writes promised units that move to another warehouse or that orders wait for again: allocations, queue, orders and events. Whoever loses
-- units keeps the age of the order in the queue, and waits even where no rule of the channel lets new orders wait.
-- Lock order: the caller has locked the levels and the orders, and posts orders.relocation_movements afterwards.
create or replace function orders.write_relocations(
  p_region_id smallint,
  p_relocations orders.relocation[],
  p_actor text,
  p_reason text,
  p_request_id text default null
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := orders.begin_change();
  v_moved bigint[] := array(select distinct r.order_id from unnest(p_relocations) r where r.to_warehouse_id is not null);
  v_waiting bigint[] := array(select distinct r.order_id from unnest(p_relocations) r where r.to_warehouse_id is null);
  v_order record;
begin
  update orders.order_allocations a
     set released_quantity = a.released_quantity + n.units
    from (select r.order_id, r.sku_id, r.warehouse_id, sum(r.units)::integer as units from unnest(p_relocations) r group by 1, 2, 3) n
   where a.region_id = p_region_id and a.order_id = n.order_id and a.sku_id = n.sku_id and a.warehouse_id = n.warehouse_id;
  insert into orders.order_allocations as a (region_id, order_id, sku_id, warehouse_id, channel_id, quantity)
  select p_region_id, r.order_id, r.sku_id, r.to_warehouse_id, min(r.channel_id), sum(r.units)::integer
    from unnest(p_relocations) r
   where r.to_warehouse_id is not null
   group by r.order_id, r.sku_id, r.to_warehouse_id
  on conflict on constraint order_allocations_pkey do update set quantity = a.quantity + excluded.quantity;
  insert into orders.backorders as b (region_id, order_id, sku_id, channel_id, warehouse_ids, quantity, priority, queued_at, lost_at)
  select p_region_id, r.order_id, r.sku_id, o.channel_id, o.warehouse_ids, sum(r.units)::integer, coalesce(min(s.priority), 0),
         o.created_at, v_now
    from unnest(p_relocations) r
    join orders.orders o on o.region_id = p_region_id and o.order_id = r.order_id
    left join lateral catalog.sale_rule(o.channel_id, r.sku_id) s on true
   where r.to_warehouse_id is null
   group by r.order_id, r.sku_id, o.channel_id, o.warehouse_ids, o.created_at
  on conflict on constraint backorders_pkey do update
    set quantity = b.quantity + excluded.quantity, queued_at = least(b.queued_at, excluded.queued_at), lost_at = excluded.lost_at;
  update orders.orders o
     set warehouse_ids = array(select distinct a.warehouse_id from orders.order_allocations a
                                where a.region_id = p_region_id and a.order_id = o.order_id and a.quantity > a.released_quantity
                                order by a.warehouse_id),
         version = o.version + 1, updated_at = v_now, changed_by = p_actor, request_id = p_request_id,
         change_reason = concat_ws(': ', case when o.order_id = any (v_moved) then 'reallocated' else 'backordered' end, p_reason)
   where o.region_id = p_region_id and o.order_id = any (v_moved || v_waiting);
  -- Rows that are read only through their order have its warehouses, too. One lookup by key for each order: many orders that begin to wait
  -- in one transaction are a table that the planner takes for empty.
  for v_order in
    select o.order_id, o.warehouse_ids
      from orders.orders o
     where o.region_id = p_region_id and o.order_id = any (v_moved || v_waiting)
  loop
    update orders.order_lines l
       set warehouse_ids = v_order.warehouse_ids
     where l.region_id = p_region_id and l.order_id = v_order.order_id and l.warehouse_ids <> v_order.warehouse_ids;
    update orders.backorders b
       set warehouse_ids = v_order.warehouse_ids
     where b.region_id = p_region_id and b.order_id = v_order.order_id and b.warehouse_ids <> v_order.warehouse_ids;
  end loop;
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.reallocated', p_order_ids => v_moved);
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.backordered', p_order_ids => v_waiting);
end
$$;

grant execute on function orders.write_relocations(smallint, orders.relocation[], text, text, text) to scoville_definer;
