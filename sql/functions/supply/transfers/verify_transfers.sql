-- Where a transfer disagrees with the ledger: of each lot, what left the source and did not come back to a warehouse is in transit or lost, and
-- what is in transit is incoming; or with its own status.
create or replace function supply.verify_transfers()
  returns table (check_name text, region_id smallint, warehouse_id text, sku_id text, batch_number text, expected bigint, found bigint)
  language sql
  stable
  set search_path = ''
as $$
  with ledger as (
    select m.region_id, m.document, m.lot_id, sum(m.on_hand_delta) as on_hand, sum(m.incoming_delta) as incoming
      from stock.stock_movements m
     where m.kind in ('transfer_out', 'transfer_in', 'expect') and m.document like 'TRF-%'
     group by 1, 2, 3
  ), lots as (
    select t.region_id, supply.transfer_public_id(t.region_id, t.transfer_id) as document, t.lot_id, sum(t.in_transit) as in_transit,
           sum(t.lost) as lost
      from supply.transfer_lots t
     group by 1, 2, 3
  )
  select c.check_name, j.region_id, null, b.sku_id, b.batch_number, c.expected, c.found
    from lots n
    full join ledger g using (region_id, document, lot_id)
   cross join lateral (select coalesce(n.region_id, g.region_id), coalesce(n.lot_id, g.lot_id)) j (region_id, lot_id)
    left join stock.lots b on b.region_id = j.region_id and b.lot_id = j.lot_id
   cross join lateral (values
     ('transfer lots', -coalesce(g.on_hand, 0), coalesce(n.in_transit + n.lost, 0)),
     ('transfer in transit', coalesce(g.incoming, 0), coalesce(n.in_transit, 0))) c (check_name, expected, found)
   where c.expected <> c.found
  union all
  select 'transfer status', f.region_id, f.to_warehouse_id, null, supply.transfer_public_id(f.region_id, f.transfer_id),
         (f.status in ('in_transit', 'partially_received'))::integer, (s.units > 0)::integer
    from supply.transfers f
   cross join lateral (
     select coalesce(sum(t.in_transit), 0) as units
       from supply.transfer_lots t where t.region_id = f.region_id and t.transfer_id = f.transfer_id) s
   where (f.status in ('in_transit', 'partially_received')) <> (s.units > 0);
$$;

grant execute on function supply.verify_transfers() to admin, scoville_worker;
