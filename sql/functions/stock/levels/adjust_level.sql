-- Decides the adjustments and counts of one level in order of arrival, each all or nothing. Returns the movements of the accepted
-- ones, those drafts with the lots that they change, and the refusals of the others. Units go to and come from the named lot.
-- Without a lot, units leave from the lots that the reason takes (stock.refuse_taking), in order of expiry, and arrive in the newest
-- lot.
-- More units may leave than are free: what is gone is gone, whoever it was promised to. p_missing: so many promises of the level have to be
-- withdrawn before (orders.resolve_shortfall).
-- Units of a draft with a cause leave only what can be promised: they stay in their lot, withheld. No change takes withheld units. Units
-- that come for the reason return are withheld, too: they may have stood in the sun.
-- Locks nothing: change_levels has locked the level.
create or replace function stock.adjust_level(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text,
  p_drafts stock.draft[],
  out p_movements stock.movement[],
  out p_accepted stock.draft[],
  out p_refusals api.result[],
  out p_missing bigint
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  -- The level, and its lots as slots: sellable ones first, in the order in which units are taken from them.
  v_level stock.counters;
  v_slots stock.slot[] := stock.list_slots(p_region_id => p_region_id, p_warehouse_id => p_warehouse_id, p_sku_id => p_sku_id,
    p_drafts => p_drafts);
  v_newest integer := (select s.ordinality from unnest(v_slots) with ordinality s order by s.lot_id desc limit 1);
  v_draft stock.draft;
  v_slot integer;
  v_chosen integer[];
  v_have bigint;
  v_delta bigint;
  v_units bigint;
  v_stays bigint;  -- those of them that are only withheld
  v_aside bigint;  -- those of them that arrive withheld
  v_refusal api.refusal;
begin
  p_movements := '{}';
  p_accepted := '{}';
  p_refusals := '{}';
  p_missing := 0;
  v_level := (
    select stock.sum_counters(array_agg(stock.to_counters(l)))
      from stock.stock_levels l
     where l.region_id = p_region_id and l.warehouse_id = p_warehouse_id and l.sku_id = p_sku_id);
  foreach v_draft in array p_drafts loop
    v_slot := (select s.ordinality from unnest(v_slots) with ordinality s where s.batch_number = v_draft.batch_number);
    v_have := case when v_draft.batch_number is null then v_level.on_hand else v_slots[v_slot].on_hand end;
    v_delta := coalesce(v_draft.delta, v_draft.counted - v_have);
    v_chosen := case
      when v_draft.batch_number is not null then array[v_slot]
      when v_delta > 0 then array[v_newest]
      else array(select s.ordinality from unnest(v_slots) with ordinality s
                  where s.on_hand > s.withheld and stock.is_taken(p_takes => v_draft.takes, p_sellable => s.sellable,
                          p_status => s.status, p_is_past => s.is_past)
                  order by s.ordinality) end;
    v_refusal := stock.refuse_change(p_region_id => p_region_id, p_draft => v_draft, p_have => v_have, p_delta => v_delta,
      p_level => v_level, p_slots => array(select v_slots[c] from unnest(array_remove(v_chosen, null)) c));
    if v_refusal.code is not null then
      p_refusals := p_refusals || app.result_of(v_draft.ordinal, v_refusal);
      continue;
    end if;
    v_draft.batches := '[]';
    foreach v_slot in array v_chosen loop
      exit when v_delta = 0;
      -- A slot takes all arriving units, and gives at most the units that it has.
      v_units := case when v_delta > 0 then v_delta else greatest(v_delta, v_slots[v_slot].withheld - v_slots[v_slot].on_hand) end;
      continue when v_units = 0;
      v_delta := v_delta - v_units;
      v_stays := case when v_draft.cause is null then 0 else v_units end;
      v_slots[v_slot].on_hand := v_slots[v_slot].on_hand + v_units - v_stays;
      v_aside := case when v_draft.reason_code = 'return' and v_units > 0 then v_units else 0 end;
      v_slots[v_slot].withheld := v_slots[v_slot].withheld - v_stays + v_aside;
      v_level.on_hand := v_level.on_hand + v_units - v_stays;
      v_level.unavailable := v_level.unavailable + case when v_slots[v_slot].sellable then v_aside - v_stays
        else v_units - v_stays end;
      v_draft.batches := v_draft.batches || jsonb_build_object('batch_number', v_slots[v_slot].batch_number,
        'delta', v_units, 'stock', v_slots[v_slot].on_hand);
      p_movements := p_movements || stock.new_movement(p_warehouse_id => p_warehouse_id, p_sku_id => p_sku_id,
        p_kind => case when v_draft.cause is not null then 'withhold' when v_draft.counted is not null then 'count'
                       when v_draft.reason_code = 'return' then 'return' else 'adjustment' end,
        p_delta => stock.new_counters(p_on_hand => v_units - v_stays), p_lot_id => v_slots[v_slot].lot_id,
        p_reason_code => v_draft.reason_code, p_note => v_draft.note, p_document => v_draft.document,
        p_actor => v_draft.actor, p_request_id => v_draft.request_id, p_withheld => nullif(v_aside - v_stays, 0),
        p_withholding_id => case when v_aside - v_stays <> 0 then v_draft.withholding_id end,
        p_cause => case when v_aside > 0 then 'returned' else v_draft.cause end);
    end loop;
    if stock.available_of(v_level) < 0 or v_level.unavailable < 0 then
      -- Promises of units that cannot be sold count, too: after this, the level owes nothing.
      v_units := greatest(0, v_level.shortfall - stock.available_of(v_level));
      p_missing := p_missing + v_units;
      v_level.committed := v_level.committed - v_units;  -- the rest of the list counts only what is promised in all
      v_level.unavailable := v_level.unavailable + v_level.shortfall;
      v_level.shortfall := 0;
    end if;
    p_accepted := p_accepted || v_draft;
  end loop;
end
$$;

grant execute on function stock.adjust_level(smallint, text, text, stock.draft[]) to scoville_definer;
