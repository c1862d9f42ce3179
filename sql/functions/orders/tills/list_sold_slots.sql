-- The lots of a level in the order in which a sale of that day took them (the first to expire first), and these lots, which were scanned.
-- Without withheld units. is_past: the lot could not be sold on that day. sellable: as stock.stock_levels counts its units now.
create or replace function orders.list_sold_slots(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text,
  p_sold_at timestamptz,
  p_lot_ids bigint[]
)
  returns stock.slot[]
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(array_agg(
           stock.new_slot(p_lot_id => t.lot_id, p_batch_number => t.batch_number, p_on_hand => coalesce(v.unwithheld, 0)::bigint,
             p_sellable => case when v.on_hand > 0 then v.sellable else n.status = 'available' end, p_status => n.status,
             p_is_past => stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date,
               p_today => timezone(z.time_zone, p_sold_at)::date) <> 'available')
           order by t.expiration_date, t.lot_id), '{}')
    from stock.lots t
    join catalog.zones() z on z.warehouse_id = p_warehouse_id
    left join stock.lot_levels v
      on v.region_id = p_region_id and v.warehouse_id = p_warehouse_id and v.sku_id = p_sku_id and v.lot_id = t.lot_id
   cross join lateral (
     select stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date,
              p_today => timezone(z.time_zone, app.now())::date) as status) n
   where t.region_id = p_region_id and t.sku_id = p_sku_id and (v.lot_id is not null or t.lot_id = any (p_lot_ids));
$$;

grant execute on function orders.list_sold_slots(smallint, text, text, timestamptz, bigint[]) to scoville_definer;
