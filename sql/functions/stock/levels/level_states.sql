-- Levels as streams show them, as the caller may see them: integrations get what is available and nothing else. No SKUs or
-- warehouses named means all. Two statements rather than one: rights on columns are checked for a whole statement.
create or replace function stock.level_states(
  p_region_id smallint,
  p_sku_ids text[],
  p_warehouse_ids text[]
)
  returns table (sku_id text, warehouse_id text, state json)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if app.claim_role() = 'integration' then
    return query
      select l.sku_id, l.warehouse_id, json_build_object(
               'sku_id', l.sku_id, 'warehouse_location', l.warehouse_id, 'stock', l.available, 'available', l.available,
               'version', l.version, 'updated_at', app.rfc3339(l.updated_at))
        from stock.stock_levels l
       where l.region_id = p_region_id and (p_sku_ids is null or l.sku_id = any (p_sku_ids))
         and (p_warehouse_ids is null or l.warehouse_id = any (p_warehouse_ids));
  else
    return query
      select l.sku_id, l.warehouse_id, json_build_object(
               'sku_id', l.sku_id, 'warehouse_location', l.warehouse_id, 'stock', l.on_hand, 'available', l.available,
               'reserved', l.reserved, 'committed', l.committed, 'unavailable', l.unavailable,
               'safety_stock', l.safety_stock, 'incoming', l.incoming, 'version', l.version,
               'updated_at', app.rfc3339(l.updated_at))
        from stock.stock_levels l
       where l.region_id = p_region_id and (p_sku_ids is null or l.sku_id = any (p_sku_ids))
         and (p_warehouse_ids is null or l.warehouse_id = any (p_warehouse_ids));
  end if;
end
$$;

grant execute on function stock.level_states(smallint, text[], text[]) to admin, warehouse, sales, integration;
