-- Gives the drafts that got their units their number, their warehouses (by name) and their document, the same that orders.documents would
-- read back from five tables. p_changed_at: of orders.begin_change.
create or replace function orders.complete_drafts(
  p_region_id smallint,
  p_drafts orders.draft[],
  p_allocations stock.allocation[],
  p_changed_at timestamptz
)
  returns orders.draft[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_draft orders.draft;
  v_part stock.allocation;
  v_at integer := 1;
  v_parts json[];
  v_waiting json[];
  v_fresh json[];
  v_fresh_sku text;
begin
  -- In the order of the drafts, and as a document lists them. Those of a SKU that was split come by priority of its warehouses, and those of
  -- historic drafts after all others.
  for i in 2 .. cardinality(p_allocations) loop
    if p_allocations[i].ordinal < p_allocations[i - 1].ordinal
       or (p_allocations[i].ordinal, p_allocations[i].sku_id) = (p_allocations[i - 1].ordinal, p_allocations[i - 1].sku_id) then
      p_allocations := array(
        select a from unnest(p_allocations) a order by a.ordinal, a.sku_id collate "C", a.warehouse_id collate "C");
      exit;
    end if;
  end loop;
  for i in 1 .. cardinality(p_drafts) loop
    v_draft := p_drafts[i];
    v_draft.order_id := nextval('orders.orders_order_id_seq');
    v_draft.warehouse_ids := '{}';
    v_parts := '{}';
    v_waiting := '{}';
    v_fresh := '{}';
    v_fresh_sku := null;
    -- Allocations between those of two drafts are of refused orders.
    while v_at <= cardinality(p_allocations) loop
      v_part := p_allocations[v_at];
      exit when v_part.ordinal > v_draft.ordinal;
      if v_part.ordinal = v_draft.ordinal and v_part.waits then
        v_waiting := v_waiting || orders.backorder_document(p_sku_id => v_part.sku_id, p_quantity => v_part.quantity,
          p_queued_at => app.now(), p_ships_on => (catalog.sale_rule(v_draft.channel_id, v_part.sku_id)).ships_on,
          p_promised_on => null);  -- once it stands in the queue: orders.insert_backorders
      elsif v_part.ordinal = v_draft.ordinal then
        if v_part.warehouse_id <> all (v_draft.warehouse_ids) then
          v_draft.warehouse_ids := v_draft.warehouse_ids || v_part.warehouse_id;
        end if;
        v_parts := v_parts || orders.allocation_document(p_sku_id => v_part.sku_id, p_warehouse_id => v_part.warehouse_id,
          p_quantity => v_part.quantity, p_fulfilled => case when v_draft.historic then v_part.quantity else 0 end, p_released => 0);
      end if;
      if v_part.freshness is not null and v_part.ordinal = v_draft.ordinal and v_part.sku_id is distinct from v_fresh_sku then
        v_fresh_sku := v_part.sku_id;
        v_fresh := v_fresh || orders.freshness_document(p_sku_id => v_part.sku_id, p_rule => v_part.freshness ->> 'rule',
          p_fresh_until => (v_part.freshness ->> 'fresh_until')::date);
      end if;
      v_at := v_at + 1;
    end loop;
    if cardinality(v_draft.warehouse_ids) <> 1 then
      if cardinality(v_draft.warehouse_ids) + cardinality(v_waiting) = 0 then
        raise exception using errcode = 'internal_error', message = 'an order without a warehouse';
      end if;
      v_draft.warehouse_ids := array(select w from unnest(v_draft.warehouse_ids) w order by w collate "C");
    end if;
    v_draft.document := orders.render_document(p_region_id => p_region_id, p_order_id => v_draft.order_id,
      p_external_id => v_draft.external_id, p_channel_id => v_draft.channel_id, p_placed_at => v_draft.placed_at,
      p_customer_name => v_draft.customer_name, p_email => v_draft.customer_email, p_phone => v_draft.customer_phone,
      p_customer_address => v_draft.customer_address, p_items => v_draft.items, p_total_price => v_draft.total_price,
      p_currency => v_draft.currency, p_status => case when v_draft.historic then 'completed'
                                                         when v_draft.unpaid_until is not null then 'pending' else 'processing' end,
      p_fulfillment_status => case when v_draft.historic then 'fulfilled' else 'unfulfilled' end,
      p_allocations => array_to_json(v_parts), p_backorders => array_to_json(v_waiting), p_fulfillments => '[]', p_note => v_draft.note,
      p_version => 1, p_updated_at => p_changed_at, p_unpaid_until => v_draft.unpaid_until,
      p_customer_group => v_draft.customer_group, p_freshness => array_to_json(v_fresh));
    p_drafts[i] := v_draft;
  end loop;
  return p_drafts;
end
$$;

grant execute on function orders.complete_drafts(smallint, orders.draft[], stock.allocation[], timestamptz) to scoville_definer;
