-- Gives one locked lot its new status, or answers the draft refused; a lot that has the status already stays as it is.
-- Its units turn unavailable or available with it, by movements that carry the reason.
-- Lock order: the caller has locked levels and lot (stock.lock_lots); here lot_levels.
create or replace function stock.change_lot(
  p_region_id smallint,
  p_draft stock.draft
)
  returns stock.draft
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_status text := p_draft.element ->> 'status';
  v_old text;
  v_version integer;
  v_warehouses text[];
begin
  p_draft := stock.refuse_lot_change(p_region_id, p_draft);
  select t.status into v_old from stock.lots t where t.region_id = p_region_id and t.lot_id = p_draft.lot_id;
  if p_draft.code is not null or v_old = v_status then
    return p_draft;
  end if;
  update stock.lots t
     set status = v_status, version = t.version + 1, updated_at = v_now, changed_by = p_draft.actor,
         change_reason = concat_ws(': ', p_draft.reason_code, p_draft.note), request_id = p_draft.request_id
   where t.region_id = p_region_id and t.lot_id = p_draft.lot_id
  returning t.version into v_version;
  v_warehouses := array(
    select v.warehouse_id
      from stock.lot_levels v
     where v.region_id = p_region_id and v.lot_id = p_draft.lot_id and v.on_hand > 0
     order by v.warehouse_id);
  perform stock.reclassify_lots(p_region_id, v_warehouses,
    array_fill(p_draft.sku_id, array[cardinality(v_warehouses)]), array[p_draft]);
  -- Without the units: whoever has some of the lot reads this event, and no more of the stock of others than elsewhere.
  perform events.emit(p_region_id, 'lot.status_changed', 'lots/' || p_draft.sku_id || '/' || p_draft.batch_number, null,
            v_warehouses, v_version,
            d.document::jsonb - '{stock,warehouses}'::text[] || jsonb_build_object('old', jsonb_build_object('status', v_old),
              'new', jsonb_build_object('status', v_status), 'reason_code', p_draft.reason_code,
              'note', p_draft.note),
            p_draft.actor, p_draft.request_id, p_draft.sku_id)
    from stock.lot_documents(p_region_id, array[p_draft.lot_id]) d;
  return p_draft;
end
$$;

grant execute on function stock.change_lot(smallint, stock.draft) to scoville_definer;
