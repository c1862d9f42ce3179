-- A supplier as JSON.
create or replace function supply.supplier_document(
  p_supplier supply.suppliers
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object(
           'supplier_id', p_supplier.supplier_id, 'name', p_supplier.name, 'lead_days', p_supplier.lead_days,
           'over_percent', p_supplier.over_percent, 'active', p_supplier.active, 'version', p_supplier.version,
           'created_at', app.rfc3339(p_supplier.created_at), 'updated_at', app.rfc3339(p_supplier.updated_at));
$$;

grant execute on function supply.supplier_document(supply.suppliers) to scoville_definer, admin, warehouse;
