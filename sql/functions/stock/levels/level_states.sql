-- Levels as streams show them, as the caller may see them. Without SKUs or warehouses: all of them.
create or replace function stock.level_states(
  p_region_id smallint,
  p_sku_ids text[],
  p_warehouse_ids text[]
)
  returns table (sku_id text, warehouse_id text, state json)
  language sql
  stable
  set search_path = ''
as $$
  select l.sku_id, l.warehouse_id, app.join_json(
           app.join_json(json_build_object('sku_id', l.sku_id, 'warehouse_location', l.warehouse_id),
             stock.counters_document(l.counters, app.claim_role() = 'integration')),
           json_build_object('version', l.version, 'updated_at', app.rfc3339(l.updated_at)))
    from stock.read_levels(p_region_id => p_region_id, p_sku_ids => p_sku_ids, p_warehouse_ids => p_warehouse_ids) l;
$$;

grant execute on function stock.level_states(smallint, text[], text[]) to admin, warehouse, sales, integration;
