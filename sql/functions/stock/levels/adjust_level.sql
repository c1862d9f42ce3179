-- Decides the adjustments and counts of one level, in the order they came, each all or nothing: answers the drafts with their
-- refusals and the movements of the others. Units go to and come from the named lot; without one, units that leave are
-- taken from the sellable lot that expires first, and units that come in join the newest lot.
-- Locks nothing: change_levels has.
create or replace function stock.adjust_level(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text,
  inout p_drafts stock.draft[],
  out p_movements stock.movement[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  -- The level, and its lots as slots: sellable ones first, in the order they are taken from.
  v_on_hand bigint := 0;
  v_free bigint := 0;
  v_unavailable bigint := 0;
  s_lot bigint[];
  s_batch text[];
  s_on_hand bigint[];
  s_sellable boolean[];
  v_draft stock.draft;
  v_slot integer;
  v_have bigint;
  v_delta bigint;
  v_can bigint;
  v_units bigint;
begin
  p_movements := '{}';
  select l.on_hand, l.available, l.unavailable into v_on_hand, v_free, v_unavailable
    from stock.stock_levels l
   where l.region_id = p_region_id and l.warehouse_id = p_warehouse_id and l.sku_id = p_sku_id;
  v_on_hand := coalesce(v_on_hand, 0);
  v_free := coalesce(v_free, 0);
  v_unavailable := coalesce(v_unavailable, 0);
  select coalesce(array_agg(s.lot_id), '{}'), array_agg(s.batch_number),
         array_agg(s.on_hand), array_agg(s.sellable)
    into s_lot, s_batch, s_on_hand, s_sellable
    from stock.list_slots(p_region_id, p_warehouse_id, p_sku_id, p_drafts) s;

  for v_index in 1 .. cardinality(p_drafts) loop
    v_draft := p_drafts[v_index];
    v_slot := array_position(s_batch, v_draft.batch_number);
    v_have := case when v_draft.batch_number is null then v_on_hand else s_on_hand[v_slot] end;
    v_delta := coalesce(v_draft.delta, v_draft.counted - v_have);
    v_can := case when v_draft.batch_number is null then v_free
                  else least(v_have, case when s_sellable[v_slot] then v_free else v_unavailable end) end;
    if v_draft.code is null then
      v_draft := stock.refuse_change(v_draft, v_have, v_delta, v_can, v_on_hand, s_lot);
    end if;
    if v_draft.code is null and v_delta > 0 then
      v_slot := coalesce(v_slot, array_position(s_lot, (select max(s.lot) from unnest(s_lot) s (lot))));
    end if;
    for v_from in coalesce(v_slot, 1) .. coalesce(v_slot, cardinality(s_lot)) loop
      exit when v_draft.code is not null or v_delta = 0;
      -- What this slot gives or takes: all that comes in; of what leaves, as much as it has.
      v_units := case when v_delta > 0 then v_delta else greatest(v_delta, -s_on_hand[v_from]) end;
      continue when v_units = 0 or v_slot is null and not s_sellable[v_from];
      s_on_hand[v_from] := s_on_hand[v_from] + v_units;
      v_on_hand := v_on_hand + v_units;
      v_delta := v_delta - v_units;
      if s_sellable[v_from] then
        v_free := v_free + v_units;
      else
        v_unavailable := v_unavailable + v_units;
      end if;
      p_movements := p_movements || row(p_warehouse_id, p_sku_id,
        case when v_draft.counted is not null then 'count' when v_draft.reason_code = 'return' then 'return'
             else 'adjustment' end,
        s_lot[v_from], v_units, null, null, null, null, null, v_draft.reason_code, v_draft.note, v_draft.document,
        v_draft.actor, v_draft.request_id, null, null)::stock.movement;
    end loop;
    p_drafts[v_index] := v_draft;
  end loop;
end
$$;

grant execute on function stock.adjust_level(smallint, text, text, stock.draft[]) to scoville_definer;
