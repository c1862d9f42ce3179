-- Definer: sales read no withholdings; this function counts what came back of parcels whose returns they may see.
-- What the returns brought back of these parcels, by lot. lot_id null: units whose lot nobody could read. They count for every parcel of their
-- order, because any of them may have held them.
create or replace function orders.returned_units(
  p_region_id smallint,
  p_fulfillment_ids bigint[]
)
  returns table (fulfillment_id bigint, sku_id text, lot_id bigint, units bigint, return_ids text[])
  language sql
  stable
  security definer
  set search_path = ''
as $$
  with parcels as materialized (
    select f.fulfillment_id, f.order_id
      from orders.fulfillments f
     where f.region_id = p_region_id and f.fulfillment_id = any (p_fulfillment_ids)
  ), came as materialized (
    select r.order_id, r.return_id, l.fulfillment_id, l.sku_id, w.quantity,
           case when t.batch_key <> stock.unknown_lot_key() then t.lot_id end as lot_id
      from orders.returns r
      join orders.return_lines l on l.region_id = p_region_id and l.return_id = r.return_id
      join orders.return_receipts c on c.region_id = p_region_id and c.return_id = l.return_id and c.line_no = l.line_no
      join stock.withholdings w on w.region_id = p_region_id and w.withholding_id = c.withholding_id
      join stock.lots t on t.region_id = p_region_id and t.lot_id = w.lot_id
     where r.region_id = p_region_id and r.order_id = any (array(select distinct p.order_id from parcels p))
       and (app.reaches_all_channels() or r.channel_id = any (app.claim_channels()) or r.warehouse_id = any (app.claim_warehouses()))
  )
  select p.fulfillment_id, c.sku_id, c.lot_id, sum(c.quantity),
         array_agg(distinct orders.return_public_id(p_region_id, c.return_id))
    from parcels p
    join came c on c.order_id = p.order_id and (c.lot_id is null or c.fulfillment_id = p.fulfillment_id)
   group by p.fulfillment_id, c.sku_id, c.lot_id;
$$;

alter function orders.returned_units(smallint, bigint[]) owner to scoville_definer;
grant execute on function orders.returned_units(smallint, bigint[]) to scoville_definer, admin, warehouse, sales;
