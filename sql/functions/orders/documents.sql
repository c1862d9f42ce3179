-- Orders as documents, as the caller may see them: row-level security filters the orders. Warehouse staff get neither e-mail nor phone number, and
-- only the allocations and fulfillments of their own warehouses (p_complete: all of them, for the event that others read).
create or replace function orders.documents(
  p_region_id smallint,
  p_order_ids bigint[],
  p_complete boolean default false
)
  returns table (order_id bigint, document json)
  language sql
  stable
  set search_path = ''
as $$
  with promises as materialized (  -- read only if one of the orders waits
    select d.order_id, d.sku_id, d.promised_on
      from orders.promise_dates(p_region_id, array(
             select b.sku_id from orders.backorders b where b.region_id = p_region_id and b.order_id = any (p_order_ids))) d
  )
  select o.order_id, orders.render_document(p_region_id => o.region_id, p_order_id => o.order_id,
           p_external_id => o.external_id, p_channel_id => o.channel_id, p_placed_at => o.placed_at,
           p_customer_name => o.customer_name, p_customer_address => o.customer_address, p_total_price => o.total_price,
           p_currency => o.currency, p_status => o.status, p_fulfillment_status => o.fulfillment_status, p_note => o.note,
           p_version => o.version, p_updated_at => o.updated_at, p_unpaid_until => o.unpaid_until,
           p_held_from => case when o.status = 'on_hold' then orders.held_from(o.unpaid_left) end,
           p_status_change => case when o.status_changed_at is not null then json_build_object(
             'at', app.rfc3339(o.status_changed_at), 'by', o.status_changed_by, 'reason', o.status_reason) end,
           p_email => n.email, p_phone => n.phone, p_customer_group => o.customer_group,
           p_items => (select json_agg(orders.item_document(p_sku_id => l.sku_id, p_quantity => l.quantity, p_price => l.price,
                        p_amount => case when l.amount is not null then orders.line_amount(p_price => l.price, p_amount => l.amount,
                          p_amount_quantity => l.amount_quantity, p_units => l.quantity - l.canceled_quantity) end,
                        p_fulfilled => l.fulfilled_quantity, p_canceled => l.canceled_quantity,
                        p_components => l.components, p_address => l.address) order by l.line_no)
              from orders.order_lines l where l.region_id = p_region_id and l.order_id = o.order_id),
           p_allocations => (select coalesce(json_agg(orders.allocation_document(p_sku_id => a.sku_id,
                     p_warehouse_id => a.warehouse_id, p_quantity => a.quantity, p_fulfilled => a.fulfilled_quantity,
                     p_released => a.released_quantity) order by a.sku_id, a.warehouse_id), '[]')
              from orders.order_allocations a
             where a.region_id = p_region_id and a.order_id = o.order_id
               and (p_complete or app.reaches_all_warehouses() or a.warehouse_id = any (app.claim_warehouses()))),
           p_backorders => (select coalesce(json_agg(orders.backorder_document(p_sku_id => b.sku_id, p_quantity => b.quantity,
                     p_queued_at => b.queued_at, p_ships_on => (catalog.sale_rule(b.channel_id, b.sku_id)).ships_on,
                     p_lost_at => b.lost_at, p_promised_on => m.promised_on) order by b.sku_id), '[]')
              from orders.backorders b
              left join promises m on m.order_id = b.order_id and m.sku_id = b.sku_id
             where b.region_id = p_region_id and b.order_id = o.order_id),
           p_freshness => (select coalesce(json_agg(orders.freshness_document(p_sku_id => f.sku_id, p_fresh_until => f.fresh_until,
                     p_rule => f.rule, p_at_risk => f.is_open and f.at_risk_at is not null) order by f.sku_id), '[]')
              from orders.freshness f where f.region_id = p_region_id and f.order_id = o.order_id),
           p_fulfillments => (select coalesce(json_agg(json_build_object(
                     'fulfillment_id', 'FUL-' || f.region_id || '-' || f.fulfillment_id,
                     'warehouse_location', f.warehouse_id, 'created_at', app.rfc3339(f.created_at),
                     'shipped_at', app.rfc3339(f.shipped_at), 'canceled_at', app.rfc3339(f.canceled_at),
                     'cancel_reason', f.cancel_reason, 'tracking_number', f.tracking_number, 'note', f.note, 'items', (
                       select json_agg(json_build_object(
                                'sku_id', i.sku_id, 'batch_number', i.batch_number, 'quantity', i.quantity, 'assumed', i.assumed,
                                'passed_over', case when i.passed_over is not null then json_build_object(
                                  'reason_code', i.reason_code, 'batch_numbers', i.passed_over) end)
                                order by i.sku_id, i.lot_id)
                         from orders.fulfillment_lines i
                        where i.region_id = p_region_id and i.fulfillment_id = f.fulfillment_id))
                     order by f.fulfillment_id), '[]')
              from orders.fulfillments f
             where f.region_id = p_region_id and f.order_id = o.order_id
               and (p_complete or app.reaches_all_warehouses() or f.warehouse_id = any (app.claim_warehouses()))))
    from orders.orders o
    left join orders.order_contacts n on n.region_id = p_region_id and n.order_id = o.order_id
   where o.region_id = p_region_id and o.order_id = any (p_order_ids);
$$;

grant execute on function orders.documents(smallint, bigint[], boolean) to scoville_definer, admin, warehouse, sales, integration;
