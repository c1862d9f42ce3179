-- One reading of a scan, with what the catalog and the stock say of it. p_fields: by application identifier. p_sku_id: the SKU, if the
-- scan was not a GTIN. location: the units of the lot in the warehouse. can: the calls that accept the lot there, as it is now.
create or replace function stock.scan_document(
  p_region_id smallint,
  p_fields jsonb,
  p_sku_id text,
  p_warehouse_id text
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object(
           'gtin', n.gtin, 'sscc', p_fields ->> '00', 'sku_id', k.sku_id, 'packaging', p.name,
           'units', coalesce(p.units, case when p_sku_id is not null then 1 end) * n.count,
           'batch_number', coalesce(t.batch_number, n.batch), 'serial_number', p_fields ->> '21',
           'expiration_date', coalesce(n.expires_on, t.expiration_date), 'manufactured_on', coalesce(n.made_on, t.manufactured_on),
           'known', k.sku_id is not null and (n.batch is null or t.lot_id is not null), 'status', v.status,
           'sellable', coalesce(v.status = 'available' and (p_warehouse_id is null or l.unwithheld > 0), false),
           'location', case when p_warehouse_id is not null and t.lot_id is not null then json_build_object(
             'warehouse_location', p_warehouse_id, 'stock', coalesce(l.on_hand, 0), 'withheld', coalesce(l.withheld, 0)) end,
           'faults', to_json(f.faults),
           'can', array_to_json(array_remove(array[
             case when n.batch is not null and k.components = '[]' and f.faults = '{}' then 'receive' end,
             case when p_warehouse_id is not null and t.lot_id is not null then 'count' end,
             case when l.on_hand > 0 then 'adjust' end,
             case when l.unwithheld > 0 then 'withhold' end,
             case when l.unwithheld > 0 and v.status = 'available' then 'ship' end], null)))
    from (select coalesce(p_fields ->> '01', p_fields ->> '02') as gtin, p_fields ->> '10' as batch,
                 coalesce(p_fields ->> '37', p_fields ->> '30', '1')::bigint as count,
                 catalog.gs1_date(coalesce(p_fields ->> '17', p_fields ->> '15'), app.today(p_region_id)) as expires_on,
                 catalog.gs1_date(p_fields ->> '11', app.today(p_region_id)) as made_on) n
    left join catalog.packagings p on p.gtin = n.gtin
    left join catalog.skus k on k.sku_id = coalesce(p_sku_id, p.sku_id)
    left join stock.lots t on t.region_id = p_region_id and t.sku_id = k.sku_id and t.batch_key = app.code_key(n.batch)
    left join stock.lot_levels l
      on l.region_id = p_region_id and l.warehouse_id = p_warehouse_id and l.sku_id = k.sku_id and l.lot_id = t.lot_id
    left join catalog.zones() z on z.warehouse_id = p_warehouse_id
   cross join lateral (
     select case when t.lot_id is not null then stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date, p_today =>
              coalesce(timezone(z.time_zone, app.now())::date,
                (select d.today from stock.lot_days(p_region_id, array[t.lot_id]) d))) end) v (status)
   cross join lateral (
     select array_remove(array[
       case when n.expires_on <> t.expiration_date
            then format('the label says that the lot expires on %s, but it expires on %s', n.expires_on, t.expiration_date) end,
       case when n.gtin is not null and k.sku_id is null then format('no packaging has the GTIN %s', n.gtin) end], null)) f (faults);
$$;

grant execute on function stock.scan_document(smallint, jsonb, text, text) to scoville_definer;
