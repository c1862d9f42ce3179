-- Sets what one (locked) level keeps back, and answers the draft, refused where there are not that many units to keep.
-- Lock order: the caller has locked the stock_levels.
create or replace function stock.change_safety_stock(
  p_region_id smallint,
  p_draft stock.draft
)
  returns stock.draft
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_wanted bigint := (p_draft.element ->> 'safety_stock')::bigint;
  v_kept bigint;
  v_can bigint;
begin
  p_draft := stock.check_version(p_region_id, p_draft);
  if p_draft.code is not null then
    return p_draft;
  end if;
  select l.safety_stock, l.safety_stock + l.available into v_kept, v_can
    from stock.stock_levels l
   where l.region_id = p_region_id and l.warehouse_id = p_draft.warehouse_id and l.sku_id = p_draft.sku_id;
  v_kept := coalesce(v_kept, 0);
  v_can := coalesce(v_can, 0);
  if coalesce(v_wanted < 0, true) then
    p_draft.code := 'VA001';
    p_draft.body := app.refusal('Say how many units are kept back: 0 or more.', '/safety_stock');
  elsif v_wanted > v_can then
    p_draft.code := 'ST001';
    p_draft.body := app.refusal(
      format('%s units can be kept back, not %s: the others are promised, or cannot be sold.', v_can, v_wanted),
      '/safety_stock', jsonb_build_object('sku_id', p_draft.sku_id, 'warehouse_location', p_draft.warehouse_id,
        'requested', v_wanted, 'available', v_can));
  else
    -- Posted even where nothing changes: it makes the level of a SKU that was never here.
    perform stock.post_movements(p_region_id, array[
      row(p_draft.warehouse_id, p_draft.sku_id, 'adjustment', null, null, null, null, null, null, null, p_draft.reason_code,
          coalesce(p_draft.note, 'safety stock'), null, p_draft.actor, p_draft.request_id, null,
          v_wanted - v_kept)::stock.movement]);
  end if;
  return p_draft;
end
$$;

grant execute on function stock.change_safety_stock(smallint, stock.draft) to scoville_definer;
