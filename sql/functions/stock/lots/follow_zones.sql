-- Brings the levels of warehouses in line with their new time zone: a day of expiry ends earlier there, or later. Locks every level with
-- units in lots, once; only those of which a lot changes get movements.
-- Lock order: after the rows of the catalog, which the caller has locked for update, so that no level can be created meanwhile;
-- stock_levels in key order, then lot_levels.
create or replace function stock.follow_zones(
  p_region_id smallint,
  p_warehouse_ids text[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_warehouses text[];
  v_skus text[];
begin
  select array_agg(s.warehouse_id), array_agg(s.sku_id) into v_warehouses, v_skus
    from (select l.warehouse_id, l.sku_id
            from stock.stock_levels l
           where l.region_id = p_region_id and l.warehouse_id = any (p_warehouse_ids) and l.on_hand > 0
           order by l.warehouse_id, l.sku_id
             for no key update) s;
  if v_warehouses is not null then
    perform stock.reclassify_lots(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus);
  end if;
end
$$;

grant execute on function stock.follow_zones(smallint, text[]) to scoville_definer;
