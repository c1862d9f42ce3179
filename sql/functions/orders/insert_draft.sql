-- As orders.insert_drafts, for one order: the same rows by statements without lists, which cost a third. Most orders come alone.
create or replace function orders.insert_draft(
  p_region_id smallint,
  p_draft orders.draft,
  p_allocations stock.allocation[]
)
  returns orders.placed
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_changed_at timestamptz := orders.begin_change();
  v_warehouse_ids text[] := '{}';
  v_items json[] := '{}';
  v_parts json[] := '{}';
begin
  if cardinality(p_allocations) > 1 then
    p_allocations := array(
      select a from unnest(p_allocations) a order by a.sku_id collate "C", a.warehouse_id collate "C");
    v_warehouse_ids := array(select distinct a.warehouse_id from unnest(p_allocations) a order by 1);
  else
    v_warehouse_ids := array[p_allocations[1].warehouse_id];
  end if;
  insert into orders.orders
    (region_id, order_id, channel_id, external_id, status, fulfillment_status, customer_name, customer_key, customer_address,
     customer_pseudonym, currency, total_price, note, warehouse_ids, placed_at, created_at, updated_at, changed_by, change_reason,
     request_id)
  values
    (p_region_id, p_draft.order_id, p_draft.channel_id, p_draft.external_id, 'processing', 'unfulfilled', p_draft.customer_name,
     app.fold(p_draft.customer_name), p_draft.customer_address,
     orders.pseudonym((select k.secret from identity.pseudonym_keys k), coalesce(p_draft.customer_email, p_draft.customer_name)),
     p_draft.currency, p_draft.total_price, p_draft.note, v_warehouse_ids, p_draft.placed_at, v_now, v_changed_at, p_draft.actor,
     'placed', p_draft.request_id);
  insert into audit.audit_log (region_id, recorded_at, actor, role, action, table_name, row_key, reason, request_id)
  values (p_region_id, v_now, p_draft.actor, app.claim_role(), 'insert', 'orders.orders', p_draft.order_id::text, 'placed',
          p_draft.request_id);
  if p_draft.customer_email is not null then
    insert into orders.order_contacts (region_id, order_id, channel_id, email, email_key)
    values (p_region_id, p_draft.order_id, p_draft.channel_id, p_draft.customer_email, app.fold(p_draft.customer_email));
  end if;
  for i in 1 .. cardinality(p_draft.sku_ids) loop
    insert into orders.order_lines (region_id, order_id, line_no, channel_id, warehouse_ids, sku_id, quantity, price)
    values (p_region_id, p_draft.order_id, i, p_draft.channel_id, v_warehouse_ids, p_draft.sku_ids[i], p_draft.quantities[i],
            p_draft.prices[i]);
    v_items := v_items || orders.item_document(p_sku_id => p_draft.sku_ids[i], p_quantity => p_draft.quantities[i]::integer,
      p_price => p_draft.prices[i]::numeric(9, 2), p_fulfilled => 0, p_canceled => 0);
  end loop;
  for i in 1 .. cardinality(p_allocations) loop
    insert into orders.order_allocations (region_id, order_id, sku_id, warehouse_id, channel_id, quantity)
    values (p_region_id, p_draft.order_id, p_allocations[i].sku_id, p_allocations[i].warehouse_id, p_draft.channel_id,
            p_allocations[i].quantity);
    v_parts := v_parts || orders.allocation_document(p_sku_id => p_allocations[i].sku_id,
      p_warehouse_id => p_allocations[i].warehouse_id, p_quantity => p_allocations[i].quantity, p_fulfilled => 0, p_released => 0);
  end loop;
  return orders.new_placed(p_ordinal => p_draft.ordinal, p_order_id => p_draft.order_id, p_channel_id => p_draft.channel_id,
    p_warehouse_ids => v_warehouse_ids, p_actor => p_draft.actor, p_request_id => p_draft.request_id,
    p_document => orders.render_document(p_region_id => p_region_id, p_order_id => p_draft.order_id,
      p_external_id => p_draft.external_id, p_channel_id => p_draft.channel_id, p_placed_at => p_draft.placed_at,
      p_customer_name => p_draft.customer_name, p_email => p_draft.customer_email, p_customer_address => p_draft.customer_address,
      p_items => array_to_json(v_items), p_total_price => p_draft.total_price::numeric(16, 2), p_currency => p_draft.currency,
      p_status => 'processing', p_fulfillment_status => 'unfulfilled', p_allocations => array_to_json(v_parts),
      p_fulfillments => '[]', p_note => p_draft.note, p_version => 1, p_updated_at => v_changed_at));
end
$$;

grant execute on function orders.insert_draft(smallint, orders.draft, stock.allocation[]) to scoville_definer;
