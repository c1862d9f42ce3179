-- The events of a posting: for each level the change itself, and low, out or back_in where available crossed a threshold.
-- Called after the levels were changed: the old values are the new ones less the movements.
create or replace function events.emit_stock_events(
  p_region_id smallint,
  p_movements stock.movement[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  insert into events.outbox
    (region_id, type, subject, sku_id, warehouse_ids, version, data, actor, request_id, occurred_at)
  select p_region_id, t.type, 'stock/' || l.warehouse_id || '/' || l.sku_id, l.sku_id, array[l.warehouse_id], l.version,
         pg_catalog.jsonb_build_object(
           'sku_id', l.sku_id, 'warehouse_location', l.warehouse_id, 'version', l.version,
           'old', pg_catalog.jsonb_build_object('stock', l.on_hand - n.on_hand, 'available', l.available - n.free,
             'reserved', l.reserved - n.reserved, 'committed', l.committed - n.committed,
             'unavailable', l.unavailable - n.unavailable),
           'new', pg_catalog.jsonb_build_object('stock', l.on_hand, 'available', l.available, 'reserved', l.reserved,
             'committed', l.committed, 'unavailable', l.unavailable),
           'reason_codes', n.reason_codes, 'documents', n.documents),
         n.actor, n.request_id, app.now()
    from (select m.warehouse_id, m.sku_id, min(m.actor) as actor, min(m.request_id) as request_id,
                 (pg_catalog.array_agg(m.kind order by m.ordinality))[1] as kind,
                 coalesce(sum(m.on_hand), 0) as on_hand, coalesce(sum(m.reserved), 0) as reserved,
                 coalesce(sum(m.committed), 0) as committed, coalesce(sum(m.unavailable), 0) as unavailable,
                 coalesce(sum(m.on_hand), 0) - coalesce(sum(m.reserved), 0) - coalesce(sum(m.committed), 0)
                   - coalesce(sum(m.unavailable), 0) - coalesce(sum(m.safety_stock), 0) as free,
                 coalesce(pg_catalog.jsonb_agg(distinct m.reason_code) filter (where m.reason_code is not null), '[]')
                   as reason_codes,
                 coalesce(pg_catalog.jsonb_agg(distinct m.document) filter (where m.document is not null), '[]')
                   as documents
            from pg_catalog.unnest(p_movements) with ordinality m
           group by m.warehouse_id, m.sku_id) n
    join stock.stock_levels l
      on l.region_id = p_region_id and l.warehouse_id = n.warehouse_id and l.sku_id = n.sku_id
    join catalog.skus k on k.sku_id = l.sku_id
   cross join lateral pg_catalog.unnest(array[
           case n.kind when 'receipt' then 'stock.received' when 'return' then 'stock.received'
                       when 'reserve' then 'stock.reserved' when 'release' then 'stock.released'
                       when 'commit' then 'stock.committed' when 'uncommit' then 'stock.released'
                       when 'fulfill' then 'stock.fulfilled' else 'stock.adjusted' end,
           case when l.available = 0 and n.free < 0 then 'stock.out' end,
           case when l.available > 0 and l.available = n.free then 'stock.back_in' end,
           case when l.available between 1 and k.reorder_point and l.available - n.free > k.reorder_point
                then 'stock.low' end]) as t (type)
   where t.type is not null
   order by l.warehouse_id, l.sku_id
  on conflict do nothing;
end
$$;

grant execute on function events.emit_stock_events(smallint, stock.movement[]) to scoville_definer;
