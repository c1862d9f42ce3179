-- Cancels these (locked) orders: units that are neither fulfilled nor released return to available. An order of which something was
-- shipped ends as completed, with the rest of its lines canceled. The customer owes what was shipped.
create or replace function orders.release_orders(
  p_region_id smallint,
  p_order_ids bigint[],
  p_requests jsonb,
  p_found jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := orders.begin_change();
  v_old jsonb;
  v_movements stock.movement[];
begin
  if cardinality(p_order_ids) = 0 then
    return;
  end if;
  select jsonb_object_agg(o.order_id, jsonb_build_object('status', o.status,
           'unpaid_until', app.rfc3339(o.unpaid_until), 'fulfillment_status', o.fulfillment_status, 'total_price', o.total_price,
           'version', o.version))
    into v_old
    from orders.orders o
   where o.region_id = p_region_id and o.order_id = any (p_order_ids);
  update orders.orders o
     set status = case o.fulfillment_status when 'unfulfilled' then 'canceled' else 'completed' end, unpaid_until = null,
         unpaid_left = null, status_changed_at = v_now, status_changed_by = r.actor, status_reason = r.reason,
         total_price = (select coalesce(sum(orders.line_amount(p_price => l.price, p_amount => l.amount,
                                 p_amount_quantity => l.amount_quantity, p_units => l.fulfilled_quantity)), 0)
                          from orders.order_lines l
                         where l.region_id = p_region_id and l.order_id = o.order_id), version = o.version + 1, updated_at = v_now, changed_by = r.actor,
         change_reason = r.reason, request_id = r.request_id
    from (select distinct on (f.value) f.value::bigint as order_id,
                 coalesce(e.element -> 'meta' ->> 'actor', app.claim_subject()) as actor,
                 coalesce(e.element -> 'meta' ->> 'request_id', app.claim_request_id()) as request_id,
                 concat_ws(': ', coalesce(e.element ->> 'reason', 'canceled'), e.element ->> 'note') as reason
            from jsonb_each_text(p_found) f
           cross join lateral (select p_requests -> (f.key::integer - 1)) e (element)
           order by f.value, f.key::integer) r
   where o.region_id = p_region_id and o.order_id = r.order_id and o.order_id = any (p_order_ids);
  update orders.order_lines l
     set canceled_quantity = l.quantity - l.fulfilled_quantity
   where l.region_id = p_region_id and l.order_id = any (p_order_ids) and l.fulfilled_quantity < l.quantity;
  -- First, or what they give back would be theirs again.
  delete from orders.backorders b where b.region_id = p_region_id and b.order_id = any (p_order_ids);
  select array_agg(
           stock.new_movement(p_warehouse_id => a.warehouse_id, p_sku_id => a.sku_id, p_kind => 'uncommit',
             p_delta => stock.new_counters(p_committed => a.fulfilled_quantity + a.released_quantity - a.quantity),
             p_note => o.change_reason, p_document => orders.public_id(p_region_id, a.order_id), p_actor => o.changed_by,
             p_request_id => o.request_id)
           order by a.order_id, a.warehouse_id, a.sku_id)
    into v_movements
    from orders.order_allocations a
    join orders.orders o on o.region_id = p_region_id and o.order_id = a.order_id
   where a.region_id = p_region_id and a.order_id = any (p_order_ids)
     and a.fulfilled_quantity + a.released_quantity < a.quantity;
  if v_movements is not null then
    update orders.order_allocations a
       set released_quantity = a.quantity - a.fulfilled_quantity
     where a.region_id = p_region_id and a.order_id = any (p_order_ids);
    perform stock.post_movements(p_region_id, v_movements);
  end if;
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.canceled', p_order_ids => p_order_ids,
    p_old => v_old);
end
$$;

grant execute on function orders.release_orders(smallint, bigint[], jsonb, jsonb) to scoville_definer;
