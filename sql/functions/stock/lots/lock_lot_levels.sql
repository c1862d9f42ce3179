-- Locks the lot levels with units of these levels (pairs of warehouse and SKU) and returns them with their effective status on the day
-- that it is in the warehouse. units: those that are not withheld.
-- An empty lot level cannot fill in the meantime, because that takes the lock of its level.
-- Lock order: the caller has locked the stock_levels; here lot_levels in key order.
create or replace function stock.lock_lot_levels(
  p_region_id smallint,
  p_warehouse_ids text[],
  p_sku_ids text[]
)
  returns table (warehouse_id text, sku_id text, lot_id bigint, units integer, sellable boolean, status text,
                 expiration_date date, batch_number text)
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  return query
    select v.warehouse_id, v.sku_id, v.lot_id, v.unwithheld::integer, v.sellable,
           stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date,
             p_today => timezone(z.time_zone, app.now())::date), t.expiration_date, t.batch_number
      from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) as k (warehouse_id, sku_id)
      join stock.lot_levels v
        on v.region_id = p_region_id and v.warehouse_id = k.warehouse_id and v.sku_id = k.sku_id and v.on_hand > 0
      join stock.lots t on t.region_id = p_region_id and t.lot_id = v.lot_id
      join catalog.zones() z on z.warehouse_id = v.warehouse_id
     order by v.warehouse_id, v.sku_id, v.lot_id
       for no key update of v;
end
$$;

grant execute on function stock.lock_lot_levels(smallint, text[], text[]) to scoville_definer;
