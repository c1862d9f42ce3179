-- What came back of the parcels of a recall that the caller may see. noted: what somebody noted (stock.note_recoveries); returned: what
-- returns brought back in this lot; recovered: both, at most what was shipped. unreadable: units of the SKU that came back to the order
-- without a readable lot, which may be of this one. return_ids: the returns that brought any of them.
create or replace function stock.recall_recoveries(
  p_region_id smallint,
  p_recall_id bigint
)
  returns table (fulfillment_id bigint, lot_id bigint, recovered bigint, returned bigint, unreadable bigint, return_ids text[])
  language sql
  stable
  set search_path = ''
as $$
  with back as materialized (
    select u.*
      from orders.returned_units(p_region_id, array(
             select distinct c.fulfillment_id from stock.recall_parcels c where c.region_id = p_region_id and c.recall_id = p_recall_id)) u
  )
  select c.fulfillment_id, c.lot_id, least(c.quantity, c.recovered + coalesce(b.units, 0)), coalesce(b.units, 0), coalesce(n.units, 0),
         array(select distinct e.id from unnest(b.return_ids || n.return_ids) e (id) order by e.id)
    from stock.recall_parcels c
    join stock.recall_lots l on l.region_id = p_region_id and l.recall_id = p_recall_id and l.lot_id = c.lot_id
    left join back b on b.fulfillment_id = c.fulfillment_id and b.lot_id = c.lot_id
    left join back n on n.fulfillment_id = c.fulfillment_id and n.sku_id = l.sku_id and n.lot_id is null
   where c.region_id = p_region_id and c.recall_id = p_recall_id;
$$;

grant execute on function stock.recall_recoveries(smallint, bigint) to scoville_definer, admin, warehouse, sales;
