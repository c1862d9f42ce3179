-- Gives one locked lot its new status or dates, or returns the refusal. A lot that already has them does not change.
-- Its units become unavailable or available with it, by movements that carry the reason.
-- Lock order: the caller has locked levels and lot (stock.lock_lots); here lot_levels.
create or replace function stock.change_lot(
  p_region_id smallint,
  p_draft stock.draft
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_refusal api.refusal := stock.refuse_lot_change(p_region_id, p_draft);
  v_old stock.lots;
  v_new stock.lots;
  v_warehouses text[];
begin
  select t.* into v_old from stock.lots t where t.region_id = p_region_id and t.lot_id = p_draft.lot_id;
  v_new := stock.changed_lot(v_old, p_draft.element);
  if v_refusal.code is not null or v_new is not distinct from v_old then
    return v_refusal;
  end if;
  update stock.lots t
     set status = v_new.status, expiration_date = v_new.expiration_date, manufactured_on = v_new.manufactured_on,
         version = t.version + 1, updated_at = v_now, changed_by = p_draft.actor,
         change_reason = concat_ws(': ', p_draft.reason_code, p_draft.note), request_id = p_draft.request_id
   where t.region_id = p_region_id and t.lot_id = p_draft.lot_id;
  v_warehouses := array(
    select v.warehouse_id
      from stock.lot_levels v
     where v.region_id = p_region_id and v.lot_id = p_draft.lot_id and v.on_hand > 0
     order by v.warehouse_id);
  perform stock.reclassify_lots(p_region_id => p_region_id, p_warehouse_ids => v_warehouses,
    p_sku_ids => array_fill(p_draft.sku_id, array[cardinality(v_warehouses)]), p_reasons => array[p_draft]);
  -- Without the units: everybody with units of the lot reads this event, and must not learn the stock of other warehouses.
  perform events.emit(p_region_id => p_region_id,
            p_type => case when v_new.status <> v_old.status then 'lot.status_changed' else 'lot.changed' end,
            p_subject => 'lots/' || p_draft.sku_id || '/' || p_draft.batch_number, p_channel_id => null,
            p_warehouse_ids => v_warehouses, p_version => v_old.version + 1,
            p_data => d.document::jsonb - '{stock,withheld,warehouses}'::text[]
              || case when v_new.status <> v_old.status
                 then jsonb_build_object('old', jsonb_build_object('status', v_old.status),
                        'new', jsonb_build_object('status', v_new.status))
                 else jsonb_build_object(
                        'old', jsonb_build_object('expiration_date', v_old.expiration_date, 'manufactured_on', v_old.manufactured_on),
                        'new', jsonb_build_object('expiration_date', v_new.expiration_date, 'manufactured_on', v_new.manufactured_on))
                 end
              || jsonb_build_object('reason_code', p_draft.reason_code, 'note', p_draft.note),
            p_actor => p_draft.actor, p_request_id => p_draft.request_id, p_sku_id => p_draft.sku_id)
    from stock.lot_documents(p_region_id, array[p_draft.lot_id]) d;
  return null;
end
$$;

grant execute on function stock.change_lot(smallint, stock.draft) to scoville_definer;
