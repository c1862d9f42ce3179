-- Where the withheld units of a lot in a warehouse disagree with the open withholdings or with the ledger.
create or replace function stock.verify_withheld()
  returns table (check_name text, region_id smallint, warehouse_id text, sku_id text, batch_number text, expected bigint, found bigint)
  language sql
  stable
  set search_path = ''
as $$
  select c.check_name, v.region_id, v.warehouse_id, v.sku_id, t.batch_number, c.expected, v.withheld
    from stock.lot_levels v
    join stock.lots t on t.region_id = v.region_id and t.lot_id = v.lot_id
    left join (select w.region_id, w.warehouse_id, w.lot_id, sum(w.open_quantity) as units
                 from stock.withholdings w group by 1, 2, 3) w
      on w.region_id = v.region_id and w.warehouse_id = v.warehouse_id and w.lot_id = v.lot_id
    left join (select m.region_id, m.warehouse_id, m.lot_id, sum(m.withheld_delta) as units
                 from stock.stock_movements m where m.withholding_id is not null group by 1, 2, 3) g
      on g.region_id = v.region_id and g.warehouse_id = v.warehouse_id and g.lot_id = v.lot_id
   cross join lateral (values ('withheld', coalesce(w.units, 0)), ('ledger withheld', coalesce(g.units, 0))) c (check_name, expected)
   where c.expected <> v.withheld;
$$;

grant execute on function stock.verify_withheld() to admin, scoville_worker;
