-- Places and hands over one order, all or nothing. An order that is sold now needs available units in its warehouse, and follows the rules
-- of parcels; one that was sold while the till was offline is recorded whatever the count says. Returns the order as it was placed, or
-- the refusal.
-- Lock order: the caller has locked the levels (orders.hand_over); here lot_levels in key order, then as stock.post_movements.
create or replace function orders.hand_over_draft(
  p_region_id smallint,
  p_draft orders.draft,
  p_request jsonb,
  out p_placed orders.draft,
  out p_result api.result
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_stock orders.draft := (orders.explode_drafts(array[p_draft]))[1];  -- a bundle leaves as its components
  v_refusal api.refusal;
  v_parts orders.part[];
  v_picked record;
begin
  if (p_request ->> 'offline')::boolean then
    perform orders.create_sold_lots(p_region_id => p_region_id, p_draft => v_stock, p_request => p_request);
    v_picked := orders.pick_offline(p_region_id => p_region_id, p_sold_at => p_draft.placed_at,
      p_parts => orders.handover_parts(p_region_id => p_region_id, p_draft => v_stock, p_request => p_request));
    p_placed := orders.write_handover(p_region_id => p_region_id, p_draft => p_draft, p_request => p_request,
      p_picks => v_picked.p_picks, p_found => v_picked.p_found);
  else
    v_parts := orders.handover_parts(p_region_id => p_region_id, p_draft => v_stock, p_request => p_request);
    p_result := (orders.refuse_unallocated(p_region_id => p_region_id, p_drafts => array[p_draft], p_allocations => array(
      select stock.new_allocation(p_ordinal => p_draft.ordinal, p_sku_id => w.sku_id, p_quantity => w.units, p_available => coalesce(l.available, 0))
        from (select p.warehouse_id, p.sku_id, sum(p.units)::integer as units from unnest(v_parts) p group by p.warehouse_id, p.sku_id) w
        left join stock.stock_levels l
          on l.region_id = p_region_id and l.warehouse_id = w.warehouse_id and l.sku_id = w.sku_id
       where w.units > coalesce(l.available, 0))))[1];
    if p_result.code is not null then
      return;
    end if;
    if p_request @? '$.items[*] ? (exists (@.batch_number) || exists (@.lot_number) || exists (@.reason_code))' then
      v_refusal := orders.refuse_items(p_region_id, p_request || jsonb_build_object('note', p_draft.note));
    end if;
    if v_refusal.code is null then
      v_refusal := orders.refuse_early(p_draft.channel_id, v_parts);
    end if;
    if v_refusal.code is null then
      v_picked := orders.pick_lots(p_region_id, v_parts);
      v_refusal := v_picked.refusal;
    end if;
    if v_refusal.code is not null then
      p_result := app.result_of(p_draft.ordinal, orders.point_into_handover(v_refusal));
      return;
    end if;
    p_placed := orders.write_handover(p_region_id => p_region_id, p_draft => p_draft, p_request => p_request,
      p_picks => v_picked.picks, p_found => '{}');
  end if;
  p_result := app.new_result(p_ordinal => p_draft.ordinal, p_body => p_placed.document);
end
$$;

grant execute on function orders.hand_over_draft(smallint, orders.draft, jsonb) to scoville_definer;
