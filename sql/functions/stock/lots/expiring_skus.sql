-- The SKUs that have a sellable lot with its last day before p_before.
create or replace function stock.expiring_skus(
  p_region_id smallint,
  p_before date,
  p_warehouse_id text
)
  returns text[]
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(array_agg(distinct v.sku_id), '{}')
    from (select catalog.own_warehouses(p_region_id)) o (own)
   cross join stock.lots t
    join stock.lot_levels v on v.region_id = p_region_id and v.lot_id = t.lot_id
   where t.region_id = p_region_id and t.expiration_date < p_before and v.unwithheld > 0 and v.sellable
     and (p_warehouse_id is null or v.warehouse_id = p_warehouse_id) and (o.own is null or v.warehouse_id = any (o.own));
$$;

grant execute on function stock.expiring_skus(smallint, date, text) to admin, warehouse, sales;
