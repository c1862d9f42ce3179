-- The refusal of a new purchase, or null: its supplier and its warehouse must exist and be active, and it has items.
create or replace function supply.refuse_draft(
  p_region_id smallint,
  p_request jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case
    when not exists (select from supply.suppliers s where s.supplier_id = p_request ->> 'supplier_id' and s.active)
      then app.refuse(p_code => 'SU007', p_pointer => '/supplier_id', p_detail => format(
        'Supplier %s does not exist or is retired. GET /v1/suppliers lists the suppliers.', p_request ->> 'supplier_id'))
    when not exists (select from catalog.warehouses w
                      where w.warehouse_id = p_request ->> 'warehouse_location' and w.region_id = p_region_id and w.active)
      then app.refuse(p_code => 'ST003', p_pointer => '/warehouse_location', p_detail => format(
        'Warehouse %s does not exist or is not yours. GET /v1/inventory/warehouses lists yours.', p_request ->> 'warehouse_location'))
    when coalesce(jsonb_array_length(nullif(p_request -> 'items', 'null')), 0) = 0
      then app.refuse(p_code => 'VA001', p_pointer => '/items', p_detail => 'Name what is to be bought.')
    end;
$$;

grant execute on function supply.refuse_draft(smallint, jsonb) to scoville_definer;
