-- Every role reads the packagings; api.save_packagings writes them.
alter table catalog.packagings enable row level security;
alter table catalog.packagings force row level security;

drop policy if exists packagings_select_every_role on catalog.packagings;
create policy packagings_select_every_role on catalog.packagings
  for select to admin, warehouse, sales, integration, scoville_worker
  using (true);

drop policy if exists packagings_select_definer on catalog.packagings;
create policy packagings_select_definer on catalog.packagings
  for select to scoville_definer
  using (true);
drop policy if exists packagings_insert_definer on catalog.packagings;
create policy packagings_insert_definer on catalog.packagings
  for insert to scoville_definer
  with check (true);
drop policy if exists packagings_update_definer on catalog.packagings;
create policy packagings_update_definer on catalog.packagings
  for update to scoville_definer
  using (true)
  with check (true);

grant select on catalog.packagings to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (packaging_id, sku_id, name, units, gtin, weight_g, active, created_at, updated_at) on catalog.packagings to scoville_definer;
grant update (name, gtin, weight_g, active, version, updated_at) on catalog.packagings to scoville_definer;
