-- Moves the units of new orders from available to committed, with ledger and events: what stock.post_movements does, for the one
-- posting that every order makes. No unit becomes available and no lot is named, so there is no shortfall to settle.
-- Lock order: stock.allocate has locked all these levels. The update has the guard of post_movements; the domains back it.
create or replace function stock.commit_units(
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
  v_now timestamptz := app.now();
  v_posted integer;
  v_told integer;
begin
  with parts as materialized (
    select a.warehouse_id, a.sku_id, a.quantity, a.available, a.ordinality as nth, d.ordinality as place, d.actor, d.request_id,
           orders.public_id(p_region_id, d.order_id) as document
      from unnest(p_drafts) with ordinality d
      join unnest(p_allocations) with ordinality a on a.ordinal = d.ordinal
  ), changed as (
    update stock.stock_levels l
       set committed = l.committed + n.units, version = l.version + 1, updated_at = v_now
      from (select p.warehouse_id, p.sku_id, sum(p.quantity)::integer as units, min(p.place) as place,
                   jsonb_agg(p.document order by p.nth) as documents, jsonb_agg(distinct p.actor) as actors
              from parts p
             group by p.warehouse_id, p.sku_id) n
     where l.region_id = p_region_id and l.warehouse_id = n.warehouse_id and l.sku_id = n.sku_id
       and l.available >= n.units
    returning l.warehouse_id, l.sku_id, l.version, l.on_hand, l.reserved, l.committed, l.unavailable, l.safety_stock, l.incoming,
              l.shortfall, n.units, n.place, n.documents, n.actors
  ), posted as (
    insert into stock.stock_movements
      (region_id, recorded_at, occurred_at, warehouse_id, sku_id, kind, on_hand_delta, reserved_delta, committed_delta,
       unavailable_delta, safety_stock_delta, incoming_delta, shortfall_delta, on_hand_after, available_after, version, document,
       actor, request_id)
    select p_region_id, v_now, v_now, p.warehouse_id, p.sku_id, 'commit', 0, 0, p.quantity, 0, 0, 0, 0, c.on_hand, p.available,
           c.version, p.document, p.actor, p.request_id
      from parts p
      join changed c on c.warehouse_id = p.warehouse_id and c.sku_id = p.sku_id
     order by p.nth
    returning 1
  ), told as (
    insert into events.outbox
      (region_id, type, audience, subject, sku_id, warehouse_ids, version, data, actor, request_id, occurred_at)
    select p_region_id, t.type, t.audience, 'stock/' || c.warehouse_id || '/' || c.sku_id, c.sku_id, array[c.warehouse_id], c.version,
           stock.transition_document(p_warehouse_id => c.warehouse_id, p_sku_id => c.sku_id, p_version => c.version,
             p_updated_at => v_now,
             p_new => stock.new_counters(p_on_hand => c.on_hand, p_reserved => c.reserved, p_committed => c.committed,
               p_unavailable => c.unavailable, p_safety_stock => c.safety_stock, p_incoming => c.incoming,
               p_shortfall => c.shortfall),
             p_delta => stock.new_counters(p_committed => c.units))
             || jsonb_build_object('reason_codes', '[]'::jsonb, 'documents', c.documents, 'actors', c.actors),
           p_drafts[c.place].actor, p_drafts[c.place].request_id, v_now
      from events.event_types t
     cross join changed c
     where t.type = 'stock.committed'
     order by c.warehouse_id, c.sku_id
    returning 1
  )
  select (select count(*) from posted), (select count(*) from told) into v_posted, v_told;
  if v_posted <> cardinality(p_allocations) then
    if v_posted <> (select count(*) from unnest(p_allocations) a where a.warehouse_id is not null) then
      raise exception using errcode = 'ST001', message = 'insufficient stock',
        detail = app.refusal('Not enough available stock.', '')::text;
    end if;
  end if;
  if v_told = 0 and v_posted > 0 then
    raise exception using errcode = 'internal_error', message = 'movements without an event';
  end if;
end
$$;

grant execute on function stock.commit_units(smallint, orders.draft[], stock.allocation[]) to scoville_definer;
