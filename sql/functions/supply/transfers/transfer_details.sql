-- Transfers as documents with their items and, once they were shipped, the lots that left and what became of them.
create or replace function supply.transfer_details(
  p_region_id smallint,
  p_transfer_ids bigint[]
)
  returns table (transfer_id bigint, document json)
  language sql
  stable
  set search_path = ''
as $$
  select d.transfer_id, app.join_json(d.document, json_build_object('items', coalesce(l.items, '[]'), 'lots', coalesce(t.lots, '[]')))
    from supply.transfer_documents(p_region_id, p_transfer_ids) d
   cross join lateral (
     select json_agg(json_build_object('sku_id', n.sku_id, 'batch_number', b.batch_number, 'withheld', n.withheld, 'quantity', n.quantity)
              order by n.line_no) as items
       from supply.transfer_lines n
       left join stock.lots b on b.region_id = p_region_id and b.lot_id = n.lot_id
      where n.region_id = p_region_id and n.transfer_id = d.transfer_id) l
   cross join lateral (
     select json_agg(json_build_object('sku_id', n.sku_id, 'batch_number', b.batch_number, 'expiration_date', b.expiration_date,
              'status', stock.lot_status(p_status => b.status, p_expiration_date => b.expiration_date,
                p_today => timezone(z.time_zone, app.now())::date),
              'withheld', n.withheld, 'shipped', n.shipped, 'received', n.received, 'damaged', n.damaged, 'lost', n.lost,
              'taken_back', n.taken_back, 'in_transit', n.in_transit) order by n.sku_id, b.expiration_date, n.lot_id, n.withheld) as lots
       from supply.transfer_lots n
       join stock.lots b on b.region_id = p_region_id and b.lot_id = n.lot_id
       join catalog.zones() z on z.warehouse_id = n.to_warehouse_id
      where n.region_id = p_region_id and n.transfer_id = d.transfer_id) t;
$$;

grant execute on function supply.transfer_details(smallint, bigint[]) to scoville_definer, admin, warehouse;
