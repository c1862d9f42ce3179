-- Changes quantities: the only function that does, but for stock.commit_units, which posts new orders. Appends each movement to the
-- ledger, changes the levels (and the lot levels), and writes the events, all or nothing. Units that become available go to the orders
-- that wait for them, in the same posting: nobody sees them in between.
--
-- Lock order: stock_levels in key order, then lot_levels in key order (post_lots), then the orders that wait (orders.claim_supplies).
-- p_locked: the caller has already locked all these levels. The update has its own guard (available must not fall below zero); the
-- domains of the columns back it.
create or replace function stock.post_movements(
  p_region_id smallint,
  p_movements stock.movement[],
  p_locked boolean default false
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_net stock.movement[];  -- one per level
  v_changed integer;
  v_posted integer;
  v_supplies orders.supply[];
begin
  if not p_locked then
    perform stock.lock_levels(p_region_id, p_movements);
  end if;
  p_movements := stock.post_lots(p_region_id, p_movements);
  p_movements := stock.settle_shortfall(p_region_id, p_movements);
  v_supplies := orders.claim_supplies(p_region_id, p_movements);
  p_movements := p_movements || orders.supply_movements(p_region_id, v_supplies);

  with net as (
    select m.warehouse_id, m.sku_id, stock.new_counters(
             p_on_hand => coalesce(sum((m.delta).on_hand), 0)::bigint,
             p_reserved => coalesce(sum((m.delta).reserved), 0)::bigint,
             p_committed => coalesce(sum((m.delta).committed), 0)::bigint,
             p_unavailable => coalesce(sum((m.delta).unavailable), 0)::bigint,
             p_safety_stock => coalesce(sum((m.delta).safety_stock), 0)::bigint,
             p_incoming => coalesce(sum((m.delta).incoming), 0)::bigint,
             p_shortfall => coalesce(sum((m.delta).shortfall), 0)::bigint) as delta
      from unnest(p_movements) m
     group by m.warehouse_id, m.sku_id
  ), changed as (
    update stock.stock_levels l
       set on_hand = l.on_hand + (n.delta).on_hand,
           reserved = l.reserved + (n.delta).reserved,
           committed = l.committed + (n.delta).committed,
           unavailable = l.unavailable + (n.delta).unavailable,
           safety_stock = l.safety_stock + (n.delta).safety_stock,
           incoming = l.incoming + (n.delta).incoming,
           shortfall = l.shortfall + (n.delta).shortfall,
           version = l.version + 1,
           updated_at = v_now
      from net n
     where l.region_id = p_region_id and l.warehouse_id = n.warehouse_id and l.sku_id = n.sku_id
       and l.available + stock.available_of(n.delta) >= 0
    returning l.warehouse_id, l.sku_id, l.on_hand, l.available, l.version
  ), posted as (
    insert into stock.stock_movements
      (region_id, recorded_at, occurred_at, warehouse_id, sku_id, kind, lot_id, on_hand_delta, reserved_delta,
       committed_delta, unavailable_delta, safety_stock_delta, incoming_delta, shortfall_delta, withheld_delta,
       withholding_id, on_hand_after, available_after, version, reason_code, note, document, actor, request_id)
    select p_region_id, v_now, coalesce(m.occurred_at, v_now), m.warehouse_id, m.sku_id, m.kind, m.lot_id,
           coalesce((m.delta).on_hand, 0), coalesce((m.delta).reserved, 0), coalesce((m.delta).committed, 0),
           coalesce((m.delta).unavailable, 0), coalesce((m.delta).safety_stock, 0), coalesce((m.delta).incoming, 0),
           coalesce((m.delta).shortfall, 0), m.withheld, m.withholding_id,
           c.on_hand - coalesce(sum((m.delta).on_hand) over after_this, 0),
           c.available - coalesce(sum(stock.available_of(m.delta)) over after_this, 0),
           c.version, m.reason_code, m.note, m.document, m.actor, m.request_id
      from unnest(p_movements) with ordinality m
      join changed c on c.warehouse_id = m.warehouse_id and c.sku_id = m.sku_id
    window after_this as (partition by m.warehouse_id, m.sku_id order by m.ordinality
                          rows between 1 following and unbounded following)
    order by m.ordinality
    returning 1
  )
  select array(select stock.new_movement(p_warehouse_id => n.warehouse_id, p_sku_id => n.sku_id, p_delta => n.delta) from net n),
         (select count(*) from changed), (select count(*) from posted)
    into v_net, v_changed, v_posted;
  if v_changed <> cardinality(v_net) or v_posted <> cardinality(p_movements) then
    raise exception using errcode = 'ST001', message = 'insufficient stock',
      detail = app.refusal('Not enough available stock.', '')::text;
  end if;
  perform events.emit_stock_events(p_region_id => p_region_id, p_movements => p_movements, p_net => v_net);
  perform orders.write_supplies(p_region_id, v_supplies);
end
$$;

grant execute on function stock.post_movements(smallint, stock.movement[], boolean) to scoville_definer;
