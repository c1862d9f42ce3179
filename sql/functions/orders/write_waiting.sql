-- Sets the units for which a locked order waits: {SKU: units}. An order that waits for more goes to the end of the queue, or its new
-- units would pass those that came before them; one that lost promised units keeps its age.
-- Called before the units that the order returns are posted, or they would be its own again.
create or replace function orders.write_waiting(
  p_region_id smallint,
  p_order orders.orders,
  p_waiting jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  delete from orders.backorders b
   where b.region_id = p_region_id and b.order_id = p_order.order_id and not p_waiting ? b.sku_id;
  insert into orders.backorders as b (region_id, order_id, sku_id, channel_id, warehouse_ids, quantity, priority, queued_at)
  select p_region_id, p_order.order_id, w.key, p_order.channel_id, p_order.warehouse_ids, w.value::integer,
         coalesce(r.priority, 0), app.now()
    from jsonb_each_text(p_waiting) w
    left join lateral catalog.sale_rule(p_order.channel_id, w.key) r on true
  on conflict on constraint backorders_pkey do update
    set quantity = excluded.quantity, warehouse_ids = excluded.warehouse_ids,
        queued_at = case when excluded.quantity > b.quantity and b.lost_at is null then excluded.queued_at else b.queued_at end;
end
$$;

grant execute on function orders.write_waiting(smallint, orders.orders, jsonb) to scoville_definer;
