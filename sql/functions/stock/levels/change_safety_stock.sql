-- Sets the safety stock of one (locked) level. Returns the refusal if the level does not have enough units.
-- Lock order: the caller has locked the stock_levels.
create or replace function stock.change_safety_stock(
  p_region_id smallint,
  p_draft stock.draft
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_refusal api.refusal := stock.refuse_version(p_region_id, p_draft);
  v_wanted bigint := (p_draft.element ->> 'safety_stock')::bigint;
  v_kept bigint;
  v_can bigint;
begin
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  select coalesce(sum(l.safety_stock), 0), coalesce(sum(l.safety_stock + l.available), 0) into v_kept, v_can
    from stock.stock_levels l
   where l.region_id = p_region_id and l.warehouse_id = p_draft.warehouse_id and l.sku_id = p_draft.sku_id;
  if coalesce(v_wanted < 0, true) then
    return app.refuse(p_code => 'VA001', p_detail => 'State how many units to keep back: 0 or more.',
      p_pointer => '/safety_stock');
  elsif v_wanted > v_can then
    return app.refuse(p_code => 'ST001', p_pointer => '/safety_stock',
      p_detail => format('At most %s units can be kept back, not %s: the others are promised or cannot be sold.', v_can, v_wanted),
      p_facts => jsonb_build_object('sku_id', p_draft.sku_id, 'warehouse_location', p_draft.warehouse_id,
        'requested', v_wanted, 'available', v_can));
  end if;
  -- Posted even if nothing changes: it creates the level of a SKU that this warehouse never had.
  perform stock.post_movements(p_region_id, array[
    stock.new_movement(p_warehouse_id => p_draft.warehouse_id, p_sku_id => p_draft.sku_id, p_kind => 'adjustment',
      p_delta => stock.new_counters(p_safety_stock => v_wanted - v_kept), p_reason_code => p_draft.reason_code,
      p_note => coalesce(p_draft.note, 'safety stock'), p_actor => p_draft.actor, p_request_id => p_draft.request_id)]);
  return null;
end
$$;

grant execute on function stock.change_safety_stock(smallint, stock.draft) to scoville_definer;
