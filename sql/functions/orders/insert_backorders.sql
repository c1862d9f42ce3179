-- Queues the missing units of these new orders, and writes the event.
-- Lock order: the caller has locked every level that could serve them (stock.allocate, orders.open_queue).
create or replace function orders.insert_backorders(
  p_region_id smallint,
  p_drafts orders.draft[],
  p_allocations stock.allocation[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_orders bigint[];
begin
  with written as (
    insert into orders.backorders (region_id, order_id, sku_id, channel_id, warehouse_ids, quantity, priority, queued_at)
    select p_region_id, d.order_id, a.sku_id, d.channel_id, d.warehouse_ids, a.quantity, coalesce(r.priority, 0), app.now()
      from unnest(p_drafts) d
      join unnest(p_allocations) a on a.ordinal = d.ordinal and a.waits
     cross join lateral catalog.sale_rule(d.channel_id, a.sku_id) r
    returning order_id
  )
  select array_agg(distinct w.order_id) into v_orders from written w;
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.backordered', p_order_ids => v_orders);
end
$$;

grant execute on function orders.insert_backorders(smallint, orders.draft[], stock.allocation[]) to scoville_definer;
