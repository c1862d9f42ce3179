-- Definer: sales and integrations read neither withholdings nor lots; this function tells them what became of the units of their returns.
-- Returns as documents, only those that the caller may see. wrong_lot: the parcel that the units were announced from has no such lot.
create or replace function orders.return_documents(
  p_region_id smallint,
  p_return_ids bigint[]
)
  returns table (return_id bigint, document json)
  language sql
  stable
  security definer
  set search_path = ''
as $$
  select r.return_id, json_build_object(
           'return_id', orders.return_public_id(p_region_id, r.return_id),
           'order_id', case when r.order_id is not null then orders.public_id(p_region_id, r.order_id) end,
           'channel', r.channel_id, 'warehouse_location', r.warehouse_id, 'status', r.status, 'reason', r.reason, 'note', r.note,
           'person', r.person, 'status_change', case when r.status_changed_at is not null then json_build_object(
             'at', app.rfc3339(r.status_changed_at), 'by', r.status_changed_by, 'reason', r.status_reason) end,
           'items', (
             select json_agg(json_build_object('sku_id', l.sku_id,
                      'fulfillment_id', case when l.fulfillment_id is not null then 'FUL-' || p_region_id || '-' || l.fulfillment_id end,
                      'quantity', l.quantity, 'received', l.received, 'given_up', l.given_up) order by l.line_no)
               from orders.return_lines l
              where l.region_id = p_region_id and l.return_id = r.return_id),
           'withholdings', (
             select coalesce(json_agg(json_build_object(
                      'withholding_id', stock.withholding_public_id(p_region_id, w.withholding_id), 'sku_id', w.sku_id,
                      'batch_number', t.batch_number, 'status', stock.lot_status(p_status => t.status,
                        p_expiration_date => t.expiration_date, p_today => timezone(z.time_zone, app.now())::date),
                      'wrong_lot', l.fulfillment_id is not null and t.batch_key <> stock.unknown_lot_key() and not exists (
                        select from orders.fulfillment_lines f
                         where f.region_id = p_region_id and f.fulfillment_id = l.fulfillment_id and f.lot_id = w.lot_id),
                      'quantity', w.quantity, 'restocked', w.restocked, 'scrapped', w.scrapped, 'sent_back', w.sent_back,
                      'transferred', w.transferred, 'open_quantity', w.open_quantity) order by w.withholding_id), '[]')
               from orders.return_receipts c
               join orders.return_lines l on l.region_id = p_region_id and l.return_id = c.return_id and l.line_no = c.line_no
               join stock.withholdings w on w.region_id = p_region_id and w.withholding_id = c.withholding_id
               join stock.lots t on t.region_id = p_region_id and t.lot_id = w.lot_id
               join catalog.zones() z on z.warehouse_id = w.warehouse_id
              where c.region_id = p_region_id and c.return_id = r.return_id),
           'version', r.version, 'created_at', app.rfc3339(r.created_at), 'updated_at', app.rfc3339(r.updated_at))
    from orders.returns r
   where r.region_id = p_region_id and r.return_id = any (p_return_ids)
     and (app.reaches_all_channels() or r.channel_id = any (app.claim_channels()) or r.warehouse_id = any (app.claim_warehouses()));
$$;

alter function orders.return_documents(smallint, bigint[]) owner to scoville_definer;
grant execute on function orders.return_documents(smallint, bigint[]) to scoville_definer, admin, warehouse, sales, integration;
