-- The levels of these SKUs (null: all) in these warehouses (null: all), as the caller may see them (catalog.own_warehouses).
-- Integrations see the available units as if they were all units on hand, and no reorder points. Two statements, because rights on
-- columns are checked for a whole statement.
create or replace function stock.read_levels(
  p_region_id smallint,
  p_sku_ids text[],
  p_warehouse_ids text[]
)
  returns table (sku_id text, warehouse_id text, counters stock.counters, reorder_point integer, version bigint,
                 updated_at timestamptz)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_own text[] := catalog.own_warehouses(p_region_id);
begin
  if app.claim_role() = 'integration' then
    return query
      select l.sku_id, l.warehouse_id, stock.new_counters(p_on_hand => l.available), null::integer, l.version, l.updated_at
        from stock.stock_levels l
       where l.region_id = p_region_id and (p_sku_ids is null or l.sku_id = any (p_sku_ids))
         and (p_warehouse_ids is null or l.warehouse_id = any (p_warehouse_ids))
         and (v_own is null or l.warehouse_id = any (v_own));
  else
    return query
      select l.sku_id, l.warehouse_id, stock.to_counters(l), l.reorder_point::integer, l.version, l.updated_at
        from stock.stock_levels l
       where l.region_id = p_region_id and (p_sku_ids is null or l.sku_id = any (p_sku_ids))
         and (p_warehouse_ids is null or l.warehouse_id = any (p_warehouse_ids))
         and (v_own is null or l.warehouse_id = any (v_own));
  end if;
end
$$;

grant execute on function stock.read_levels(smallint, text[], text[]) to admin, warehouse, sales, integration;
