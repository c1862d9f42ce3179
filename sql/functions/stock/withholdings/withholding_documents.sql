-- Withholdings as documents, as the caller may see them.
create or replace function stock.withholding_documents(
  p_region_id smallint,
  p_withholding_ids bigint[]
)
  returns table (withholding_id bigint, document json)
  language sql
  stable
  set search_path = ''
as $$
  select w.withholding_id, json_build_object(
           'withholding_id', stock.withholding_public_id(p_region_id, w.withholding_id), 'sku_id', w.sku_id,
           'warehouse_location', w.warehouse_id, 'batch_number', t.batch_number, 'expiration_date', t.expiration_date,
           'status', stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date,
             p_today => timezone(z.time_zone, app.now())::date),
           'cause', w.cause, 'document', w.document, 'note', w.note, 'quantity', w.quantity, 'restocked', w.restocked,
           'scrapped', w.scrapped, 'sent_back', w.sent_back, 'transferred', w.transferred, 'open_quantity', w.open_quantity, 'version', w.version,
           'created_at', app.rfc3339(w.created_at), 'updated_at', app.rfc3339(w.updated_at))
    from stock.withholdings w
    join stock.lots t on t.region_id = p_region_id and t.lot_id = w.lot_id
    join catalog.zones() z on z.warehouse_id = w.warehouse_id
   where w.region_id = p_region_id and w.withholding_id = any (p_withholding_ids);
$$;

grant execute on function stock.withholding_documents(smallint, bigint[]) to scoville_definer, admin, warehouse;
