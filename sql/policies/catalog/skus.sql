-- Every role reads the catalog; api.save_skus and receipts write it.
alter table catalog.skus enable row level security;
alter table catalog.skus force row level security;

drop policy if exists skus_select_every_role on catalog.skus;
create policy skus_select_every_role on catalog.skus
  for select to admin, warehouse, sales, integration, scoville_worker
  using (true);

drop policy if exists skus_select_definer on catalog.skus;
create policy skus_select_definer on catalog.skus
  for select to scoville_definer
  using (true);
drop policy if exists skus_insert_definer on catalog.skus;
create policy skus_insert_definer on catalog.skus
  for insert to scoville_definer
  with check (true);
drop policy if exists skus_update_definer on catalog.skus;
create policy skus_update_definer on catalog.skus
  for update to scoville_definer
  using (true)
  with check (true);

grant select on catalog.skus to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (sku_id, name, description, size_ml, flavor_profile, price, reference_price, currency, decimals, reorder_point, attributes,
  components, active, version, created_at, updated_at) on catalog.skus to scoville_definer;
grant update (name, description, size_ml, flavor_profile, price, reference_price, currency, decimals, reorder_point, attributes, components,
  active, version, updated_at) on catalog.skus to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists skus_select_analysts on catalog.skus;
create policy skus_select_analysts on catalog.skus
  for select to bi_reader
  using (true);
grant select (sku_id, name, description, size_ml, price, currency, reorder_point, components, active, created_at) on catalog.skus to bi_reader;
