-- As stock.commit_units, for one order: the same changes by statements without lists.
create or replace function stock.commit_order(
  p_region_id smallint,
  p_placed orders.placed,
  p_allocations stock.allocation[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_document text := orders.public_id(p_region_id, p_placed.order_id);
  v_audience text := (select t.audience from events.event_types t where t.type = 'stock.committed');
  v_warehouse_id text;
  v_sku_id text;
  v_units integer;
  v_on_hand integer;
  v_available integer;
  v_reserved integer;
  v_committed integer;
  v_unavailable integer;
  v_safety_stock integer;
  v_incoming integer;
  v_version bigint;
begin
  for i in 1 .. cardinality(p_allocations) loop
    v_warehouse_id := p_allocations[i].warehouse_id;
    v_sku_id := p_allocations[i].sku_id;
    v_units := p_allocations[i].quantity;
    update stock.stock_levels l
       set committed = l.committed + v_units, version = l.version + 1, updated_at = v_now
     where l.region_id = p_region_id and l.warehouse_id = v_warehouse_id and l.sku_id = v_sku_id
       and l.available >= v_units
    returning l.on_hand, l.available, l.reserved, l.committed, l.unavailable, l.safety_stock, l.incoming, l.version
      into v_on_hand, v_available, v_reserved, v_committed, v_unavailable, v_safety_stock, v_incoming, v_version;
    if not found then
      raise exception using errcode = 'ST001', message = 'insufficient stock',
        detail = app.refusal('Not enough available stock.', '')::text;
    end if;
    insert into stock.stock_movements
      (region_id, recorded_at, occurred_at, warehouse_id, sku_id, kind, on_hand_delta, reserved_delta, committed_delta,
       unavailable_delta, safety_stock_delta, incoming_delta, shortfall_delta, on_hand_after, available_after, version, document,
       actor, request_id)
    values (p_region_id, v_now, v_now, v_warehouse_id, v_sku_id, 'commit', 0, 0, v_units, 0, 0, 0, 0,
            v_on_hand, v_available, v_version, v_document, p_placed.actor, p_placed.request_id);
    insert into events.outbox
      (region_id, type, audience, subject, sku_id, warehouse_ids, version, data, actor, request_id, occurred_at)
    values (p_region_id, 'stock.committed', v_audience, 'stock/' || v_warehouse_id || '/' || v_sku_id, v_sku_id,
            array[v_warehouse_id], v_version,
            stock.transition_document(p_warehouse_id => v_warehouse_id, p_sku_id => v_sku_id,
              p_version => v_version, p_updated_at => v_now, p_new => stock.new_counters(p_on_hand => v_on_hand, p_reserved => v_reserved, p_committed => v_committed,
                p_unavailable => v_unavailable, p_safety_stock => v_safety_stock, p_incoming => v_incoming),
              p_delta => stock.new_counters(p_committed => v_units))
              || jsonb_build_object('reason_codes', '[]'::jsonb, 'documents', jsonb_build_array(v_document),
                   'actors', jsonb_build_array(p_placed.actor)),
            p_placed.actor, p_placed.request_id, v_now);
  end loop;
end
$$;

grant execute on function stock.commit_order(smallint, orders.placed, stock.allocation[]) to scoville_definer;
