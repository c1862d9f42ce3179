-- Definer: the worker may not write to tables; this function takes expired lots out of sale.
-- Moves lots whose last day has passed out of the available units, at most p_limit levels per call. Looks at the lots around today a
-- second time, both ways: where an expiry was computed by other rules of a time zone than those that apply now. Returns the number of
-- changed lot levels.
-- Lock order: stock_levels in key order, then lot_levels.
create or replace function jobs.expire_lots(
  p_region_id smallint,
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_today date := app.today(p_region_id);
  v_warehouses text[];
  v_skus text[];
begin
  select array_agg(s.warehouse_id), array_agg(s.sku_id) into v_warehouses, v_skus
    from (select l.warehouse_id, l.sku_id
            from stock.stock_levels l
           where l.region_id = p_region_id
             and (l.next_expiry_at <= v_now or (l.warehouse_id, l.sku_id) in (
               select v.warehouse_id, v.sku_id
                 from stock.lots t
                 join stock.lot_levels v on v.region_id = p_region_id and v.lot_id = t.lot_id and v.on_hand > 0
                 join catalog.zones() z on z.warehouse_id = v.warehouse_id
                where t.region_id = p_region_id and t.expiration_date between v_today - 2 and v_today + 2
                  and v.sellable <> (stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date,
                    p_today => timezone(z.time_zone, v_now)::date) = 'available')))
           order by l.warehouse_id, l.sku_id
           limit p_limit
             for no key update) s;
  if v_warehouses is null then
    return 0;
  end if;
  return stock.reclassify_lots(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus);
end
$$;

alter function jobs.expire_lots(smallint, integer) owner to scoville_definer;
grant execute on function jobs.expire_lots(smallint, integer) to scoville_worker;
