-- Recalls as documents, each part as the caller may see it: staff the units of their warehouses, sales the parcels and orders of their
-- channels. unresolved: levels that promise units of these SKUs that nobody can ship, now.
create or replace function stock.recall_documents(
  p_region_id smallint,
  p_recall_ids bigint[]
)
  returns table (recall_id bigint, document json)
  language sql
  stable
  set search_path = ''
as $$
  select r.recall_id, json_build_object(
           'recall_id', stock.recall_public_id(p_region_id, r.recall_id), 'status', r.status, 'reason_code', r.reason_code, 'note', r.note,
           'person', r.person, 'seconds', r.seconds, 'digest', r.digest, 'accounted_percent', l.accounted_percent,
           'recovered_percent', c.recovered_percent, 'lots', l.lots, 'places', coalesce(p.places, '[]'), 'orders', coalesce(o.orders, '[]'),
           'parcels', c.parcels, 'shipped', c.shipped, 'recovered', c.recovered, 'unresolved', coalesce(u.levels, '[]'),
           'version', r.version, 'opened_at', app.rfc3339(r.opened_at), 'closed_at', app.rfc3339(r.closed_at), 'close_note', r.close_note,
           'updated_at', app.rfc3339(r.updated_at))
    from stock.recalls r
   cross join lateral (
     select json_agg(json_build_object('sku_id', l.sku_id, 'batch_number', t.batch_number, 'received', l.received, 'on_hand', l.on_hand,
              'in_transit', l.in_transit, 'shipped', l.shipped, 'returned', l.returned, 'written_off', l.written_off, 'unexplained', l.unexplained)
              order by l.sku_id, t.batch_number) as lots,
            round(100 * (1 - sum(abs(l.unexplained)) / nullif(sum(l.received), 0)), 2) as accounted_percent
       from stock.recall_lots l
       join stock.lots t on t.region_id = p_region_id and t.lot_id = l.lot_id
      where l.region_id = p_region_id and l.recall_id = r.recall_id) l
   cross join lateral (
     select json_agg(json_build_object('warehouse_location', w.warehouse_id, 'sku_id', t.sku_id, 'batch_number', t.batch_number,
              'stock', w.units, 'in_transit', w.in_transit, 'transfers', w.transfers)
              order by w.warehouse_id, t.sku_id, t.batch_number) as places
       from stock.recall_places w
       join stock.lots t on t.region_id = p_region_id and t.lot_id = w.lot_id
      where w.region_id = p_region_id and w.recall_id = r.recall_id) p
   cross join lateral (
     select json_agg(json_build_object('order_id', orders.public_id(p_region_id, n.order_id), 'sku_id', n.sku_id, 'channel', n.channel_id,
              'moved', n.moved, 'waiting', n.waiting) order by n.order_id, n.sku_id) as orders
       from stock.recall_orders n
      where n.region_id = p_region_id and n.recall_id = r.recall_id) o
   cross join lateral (
     select count(*) as parcels, coalesce(sum(n.quantity), 0) as shipped, coalesce(sum(b.recovered), 0) as recovered,
            round(100 * sum(b.recovered) / nullif(sum(n.quantity), 0), 2) as recovered_percent
       from stock.recall_parcels n
       left join stock.recall_recoveries(p_region_id, r.recall_id) b on b.fulfillment_id = n.fulfillment_id and b.lot_id = n.lot_id
      where n.region_id = p_region_id and n.recall_id = r.recall_id) c
   cross join lateral (
     select json_agg(json_build_object('warehouse_location', v.warehouse_id, 'sku_id', v.sku_id, 'shortfall', v.shortfall)
              order by v.warehouse_id, v.sku_id) as levels
       from stock.stock_levels v
      where v.region_id = p_region_id and v.shortfall > 0
        and v.sku_id in (select n.sku_id from stock.recall_lots n where n.region_id = p_region_id and n.recall_id = r.recall_id)) u
   where r.region_id = p_region_id and r.recall_id = any (p_recall_ids);
$$;

grant execute on function stock.recall_documents(smallint, bigint[]) to scoville_definer, admin, warehouse, sales;
