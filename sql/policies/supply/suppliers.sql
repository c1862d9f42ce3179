-- Admin and staff read the suppliers; api.save_suppliers writes them.
alter table supply.suppliers enable row level security;
alter table supply.suppliers force row level security;

drop policy if exists suppliers_select_staff on supply.suppliers;
create policy suppliers_select_staff on supply.suppliers
  for select to admin, warehouse, scoville_worker
  using (true);

drop policy if exists suppliers_select_definer on supply.suppliers;
create policy suppliers_select_definer on supply.suppliers
  for select to scoville_definer
  using (true);
drop policy if exists suppliers_insert_definer on supply.suppliers;
create policy suppliers_insert_definer on supply.suppliers
  for insert to scoville_definer
  with check (true);
drop policy if exists suppliers_update_definer on supply.suppliers;
create policy suppliers_update_definer on supply.suppliers
  for update to scoville_definer
  using (true)
  with check (true);

grant select on supply.suppliers to admin, warehouse, scoville_worker, scoville_definer;
grant insert (supplier_id, name, lead_days, over_percent, active, created_at, updated_at) on supply.suppliers to scoville_definer;
grant update (name, lead_days, over_percent, active, version, updated_at) on supply.suppliers to scoville_definer;
