-- A warehouse as JSON, without its stock.
create or replace function catalog.warehouse_document(
  p_warehouse catalog.warehouses
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object(
           'warehouse_id', p_warehouse.warehouse_id, 'name', p_warehouse.name, 'region_id', p_warehouse.region_id,
           'time_zone', p_warehouse.time_zone, 'scan_required', p_warehouse.scan_required,
           'active', p_warehouse.active, 'version', p_warehouse.version,
           'created_at', app.rfc3339(p_warehouse.created_at), 'updated_at', app.rfc3339(p_warehouse.updated_at));
$$;

grant execute on function catalog.warehouse_document(catalog.warehouses) to scoville_definer, admin, warehouse, sales, integration;
