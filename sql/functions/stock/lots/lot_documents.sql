-- Lots as documents, with their units by warehouse as the caller may see them. Includes lots without units.
create or replace function stock.lot_documents(
  p_region_id smallint,
  p_lot_ids bigint[]
)
  returns table (lot_id bigint, document json)
  language sql
  stable
  set search_path = ''
as $$
  select t.lot_id, json_build_object(
           'sku_id', t.sku_id, 'batch_number', t.batch_number,
           'status', stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date, p_today => d.today),
           'expiration_date', t.expiration_date, 'manufactured_on', t.manufactured_on,
           'stock', coalesce(v.stock, 0), 'withheld', coalesce(v.withheld, 0), 'warehouses', coalesce(v.warehouses, '[]'), 'version', t.version,
           'created_at', app.rfc3339(t.created_at), 'updated_at', app.rfc3339(t.updated_at))
    from stock.lots t
    join stock.lot_days(p_region_id, p_lot_ids) d on d.lot_id = t.lot_id
    left join (
      select l.lot_id, sum(l.on_hand) as stock, sum(l.withheld) as withheld, json_agg(json_build_object(
               'warehouse_location', l.warehouse_id, 'stock', l.on_hand, 'withheld', l.withheld) order by l.warehouse_id) as warehouses
        from (select catalog.own_warehouses(p_region_id)) o (own)
       cross join stock.lot_levels l
       where l.region_id = p_region_id and l.lot_id = any (p_lot_ids) and l.on_hand > 0
         and (o.own is null or l.warehouse_id = any (o.own))
       group by l.lot_id) v on v.lot_id = t.lot_id
   where t.region_id = p_region_id and t.lot_id = any (p_lot_ids);
$$;

grant execute on function stock.lot_documents(smallint, bigint[]) to scoville_definer, admin, warehouse, sales;
