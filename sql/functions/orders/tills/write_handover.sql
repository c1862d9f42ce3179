-- Writes a sale that is handed over: the order, its parcel, one movement per lot, and first what had to be found for it. All
-- movements are one posting, in which nothing becomes available, so what is found goes to this sale and not to orders that wait.
-- p_request: the member handed_over. Returns the draft with its id and document.
create or replace function orders.write_handover(
  p_region_id smallint,
  p_draft orders.draft,
  p_request jsonb,
  p_picks orders.pick[],
  p_found orders.pick[]
)
  returns orders.draft
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_changed_at timestamptz := orders.begin_change();
  -- A clock that is some minutes ahead does not book into the future.
  v_sold_at timestamptz := least(p_draft.placed_at, app.now());
  v_allocations stock.allocation[] := array(
    select stock.new_allocation(p_ordinal => p_draft.ordinal, p_sku_id => k.sku_id, p_warehouse_id => k.warehouse_id,
             p_quantity => sum(k.units)::integer)
      from unnest(p_picks) k
     group by k.sku_id, k.warehouse_id
     order by k.sku_id collate "C");
  v_drafts orders.draft[] := orders.complete_drafts(p_region_id => p_region_id, p_drafts => array[p_draft],
    p_allocations => v_allocations, p_changed_at => v_changed_at);
  v_document text := orders.public_id(p_region_id, v_drafts[1].order_id);
  v_order orders.orders;
  v_movements stock.movement[];
begin
  perform orders.insert_drafts(p_region_id => p_region_id, p_drafts => v_drafts, p_allocations => v_allocations,
    p_changed_at => v_changed_at);
  perform orders.emit_placed(p_region_id, v_drafts);
  select o.* into v_order from orders.orders o where o.region_id = p_region_id and o.order_id = v_drafts[1].order_id;
  v_movements := array(
    select stock.new_movement(p_warehouse_id => k.warehouse_id, p_sku_id => k.sku_id, p_kind => k.kind,
             p_delta => stock.new_counters(p_on_hand => k.units), p_lot_id => k.lot_id, p_reason_code => k.reason_code, p_note => k.note,
             p_document => v_document, p_actor => p_draft.actor, p_request_id => p_draft.request_id, p_occurred_at => v_sold_at)
      from (select 1 as turn, f.warehouse_id, f.sku_id, f.lot_id, 'adjustment' as kind, f.units, 'found' as reason_code,
                   format('sold in %s while the till was offline, beyond the count', v_document) as note
              from unnest(p_found) f
             union all
            select 2, l.warehouse_id, l.sku_id, l.lot_id, 'fulfill', -l.units, l.reason_code, null from unnest(p_picks) l) k
     order by k.turn, k.sku_id collate "C", k.lot_id);
  perform orders.write_parcels(p_region_id => p_region_id, p_order => v_order, p_request => p_request, p_picks => p_picks,
    p_shipped_at => v_sold_at, p_actor => p_draft.actor, p_request_id => p_draft.request_id);
  perform orders.ship_lines(p_region_id, v_order.order_id);
  perform stock.post_movements(p_region_id => p_region_id, p_movements => v_movements, p_locked => true);
  perform orders.close_order(p_region_id => p_region_id, p_order => v_order, p_actor => p_draft.actor,
    p_request_id => p_draft.request_id);
  perform stock.request_counts(p_region_id => p_region_id, p_found => p_found, p_document => v_document, p_actor => p_draft.actor,
    p_request_id => p_draft.request_id);
  p_draft := v_drafts[1];
  p_draft.document := (select d.document from orders.documents(p_region_id, array[v_order.order_id]) d);
  return p_draft;
end
$$;

grant execute on function orders.write_handover(smallint, orders.draft, jsonb, orders.pick[], orders.pick[]) to scoville_definer;
