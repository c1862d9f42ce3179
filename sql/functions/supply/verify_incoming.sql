-- Where the incoming units of a level disagree with the documents that announce them: open units of ordered purchases, and transfers in transit.
create or replace function supply.verify_incoming()
  returns table (check_name text, region_id smallint, warehouse_id text, sku_id text, batch_number text, expected bigint, found bigint)
  language sql
  stable
  set search_path = ''
as $$
  with announced as (
    select a.region_id, a.warehouse_id, a.sku_id, sum(a.units) as units
      from (select l.region_id, l.warehouse_id, l.sku_id, sum(l.open_quantity) as units
              from supply.purchase_lines l
             where l.is_ordered and l.open_quantity > 0
             group by 1, 2, 3
            union all
            select t.region_id, t.to_warehouse_id, t.sku_id, sum(t.in_transit)
              from supply.transfer_lots t
             where t.in_transit > 0
             group by 1, 2, 3) a
     group by 1, 2, 3
  )
  select 'incoming', region_id, warehouse_id, sku_id, null, coalesce(a.units, 0), coalesce(l.incoming, 0)
    from announced a
    full join stock.stock_levels l using (region_id, warehouse_id, sku_id)
   where coalesce(a.units, 0) <> coalesce(l.incoming, 0);
$$;

grant execute on function supply.verify_incoming() to admin, scoville_worker;
