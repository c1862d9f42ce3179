-- The one way to change a quantity. Appends every movement to the ledger, changes the levels (and the levels of lots), and
-- writes the events, all or nothing.
--
-- Lock order: stock_levels in key order, then lot_levels in key order (post_lots). p_locked: the caller has the locks of all
-- these levels already. The update carries its own guard (available must not fall below zero); behind it stand the CHECK constraints.
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
  v_keys integer;
  v_changed integer;
  v_posted integer;
begin
  if not p_locked then
    perform stock.lock_levels(p_region_id, p_movements);
  end if;
  p_movements := stock.post_lots(p_region_id, p_movements);
  p_movements := stock.settle_shortfall(p_region_id, p_movements);

  with net as (
    select m.warehouse_id, m.sku_id,
           sum(coalesce(m.on_hand, 0))::integer as on_hand, sum(coalesce(m.reserved, 0))::integer as reserved,
           sum(coalesce(m.committed, 0))::integer as committed, sum(coalesce(m.unavailable, 0))::integer as unavailable,
           sum(coalesce(m.incoming, 0))::integer as incoming, sum(coalesce(m.shortfall, 0))::integer as shortfall,
           sum(coalesce(m.safety_stock, 0))::integer as safety_stock
      from unnest(p_movements) m
     group by m.warehouse_id, m.sku_id
  ), changed as (
    update stock.stock_levels l
       set on_hand = l.on_hand + n.on_hand,
           reserved = l.reserved + n.reserved,
           committed = l.committed + n.committed,
           unavailable = l.unavailable + n.unavailable,
           incoming = l.incoming + n.incoming,
           safety_stock = l.safety_stock + n.safety_stock,
           shortfall = l.shortfall + n.shortfall,
           version = l.version + 1,
           updated_at = v_now
      from net n
     where l.region_id = p_region_id and l.warehouse_id = n.warehouse_id and l.sku_id = n.sku_id
       and l.available + n.on_hand - n.reserved - n.committed - n.unavailable - n.safety_stock >= 0
    returning l.warehouse_id, l.sku_id, l.on_hand, l.available, l.version
  ), posted as (
    insert into stock.stock_movements
      (region_id, recorded_at, occurred_at, warehouse_id, sku_id, kind, lot_id, on_hand_delta, reserved_delta,
       committed_delta, unavailable_delta, safety_stock_delta, incoming_delta, shortfall_delta, on_hand_after,
       available_after, version, reason_code, note, document, actor, request_id)
    select p_region_id, v_now, coalesce(m.occurred_at, v_now), m.warehouse_id, m.sku_id, m.kind, m.lot_id,
           coalesce(m.on_hand, 0), coalesce(m.reserved, 0), coalesce(m.committed, 0), coalesce(m.unavailable, 0),
           coalesce(m.safety_stock, 0), coalesce(m.incoming, 0), coalesce(m.shortfall, 0),
           c.on_hand - coalesce(sum(m.on_hand) over after_this, 0),
           c.available - coalesce(sum(f.free) over after_this, 0),
           c.version, m.reason_code, m.note, m.document, m.actor, m.request_id
      from unnest(p_movements) with ordinality m
      cross join lateral (
        select coalesce(m.on_hand, 0) - coalesce(m.reserved, 0) - coalesce(m.committed, 0) - coalesce(m.unavailable, 0)
               - coalesce(m.safety_stock, 0)
      ) f (free)
      join changed c on c.warehouse_id = m.warehouse_id and c.sku_id = m.sku_id
    window after_this as (partition by m.warehouse_id, m.sku_id order by m.ordinality
                          rows between 1 following and unbounded following)
    order by m.ordinality
    returning 1
  )
  select (select count(*) from net), (select count(*) from changed), (select count(*) from posted)
    into v_keys, v_changed, v_posted;
  if v_changed <> v_keys or v_posted <> cardinality(p_movements) then
    raise exception using errcode = 'ST001', message = 'insufficient stock',
      detail = app.refusal('There is not enough available stock for this.', '')::text;
  end if;
  perform events.emit_stock_events(p_region_id, p_movements);
end
$$;

grant execute on function stock.post_movements(smallint, stock.movement[], boolean) to scoville_definer;
