-- Decides the adjustments and counts of one level in order of arrival, each all or nothing. Returns the movements of the accepted
-- ones and the refusals of the others. Units go to and come from the named lot. Without a lot, units leave from the sellable lots
-- in order of expiry and arrive in the newest lot.
-- Locks nothing: change_levels has locked the level.
create or replace function stock.adjust_level(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text,
  p_drafts stock.draft[],
  out p_movements stock.movement[],
  out p_refusals api.result[]
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  -- The level, and its lots as slots: sellable ones first, in the order in which units are taken from them.
  v_on_hand bigint;
  v_free bigint;
  v_unavailable bigint;
  v_slots stock.slot[] := stock.list_slots(p_region_id => p_region_id, p_warehouse_id => p_warehouse_id, p_sku_id => p_sku_id,
    p_drafts => p_drafts);
  v_newest integer := (select s.ordinality from unnest(v_slots) with ordinality s order by s.lot_id desc limit 1);
  v_draft stock.draft;
  v_slot integer;
  v_have bigint;
  v_delta bigint;
  v_units bigint;
  v_refusal api.refusal;
begin
  p_movements := '{}';
  p_refusals := '{}';
  select coalesce(sum(l.on_hand), 0), coalesce(sum(l.available), 0), coalesce(sum(l.unavailable), 0)
    into v_on_hand, v_free, v_unavailable
    from stock.stock_levels l
   where l.region_id = p_region_id and l.warehouse_id = p_warehouse_id and l.sku_id = p_sku_id;
  foreach v_draft in array p_drafts loop
    v_slot := (select s.ordinality from unnest(v_slots) with ordinality s where s.batch_number = v_draft.batch_number);
    v_have := case when v_draft.batch_number is null then v_on_hand else v_slots[v_slot].on_hand end;
    v_delta := coalesce(v_draft.delta, v_draft.counted - v_have);
    v_refusal := stock.refuse_change(p_region_id => p_region_id, p_draft => v_draft, p_have => v_have, p_delta => v_delta,
      p_can => case when v_draft.batch_number is null then v_free
                    else least(v_have, case when v_slots[v_slot].sellable then v_free else v_unavailable end) end,
      p_on_hand => v_on_hand, p_has_lots => v_newest is not null);
    if v_refusal.code is not null then
      p_refusals := p_refusals || app.result_of(v_draft.ordinal, v_refusal);
      continue;
    end if;
    if v_delta > 0 then
      v_slot := coalesce(v_slot, v_newest);
    end if;
    for v_from in coalesce(v_slot, 1) .. coalesce(v_slot, cardinality(v_slots)) loop
      exit when v_delta = 0;
      -- A slot takes all arriving units, and gives at most the units that it has.
      v_units := case when v_delta > 0 then v_delta else greatest(v_delta, -v_slots[v_from].on_hand) end;
      continue when v_units = 0 or v_slot is null and not v_slots[v_from].sellable;
      v_slots[v_from].on_hand := v_slots[v_from].on_hand + v_units;
      v_on_hand := v_on_hand + v_units;
      v_delta := v_delta - v_units;
      if v_slots[v_from].sellable then
        v_free := v_free + v_units;
      else
        v_unavailable := v_unavailable + v_units;
      end if;
      p_movements := p_movements || stock.new_movement(p_warehouse_id => p_warehouse_id, p_sku_id => p_sku_id,
        p_kind => case when v_draft.counted is not null then 'count' when v_draft.reason_code = 'return' then 'return'
                       else 'adjustment' end,
        p_delta => stock.new_counters(p_on_hand => v_units), p_lot_id => v_slots[v_from].lot_id,
        p_reason_code => v_draft.reason_code, p_note => v_draft.note, p_document => v_draft.document,
        p_actor => v_draft.actor, p_request_id => v_draft.request_id);
    end loop;
  end loop;
end
$$;

grant execute on function stock.adjust_level(smallint, text, text, stock.draft[]) to scoville_definer;
