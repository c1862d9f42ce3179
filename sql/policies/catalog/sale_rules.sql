-- Every role reads the sale rules; api.save_channels replaces those of a channel.
alter table catalog.sale_rules enable row level security;
alter table catalog.sale_rules force row level security;

drop policy if exists sale_rules_select_every_role on catalog.sale_rules;
create policy sale_rules_select_every_role on catalog.sale_rules
  for select to admin, warehouse, sales, integration, scoville_worker
  using (true);

drop policy if exists sale_rules_select_definer on catalog.sale_rules;
create policy sale_rules_select_definer on catalog.sale_rules
  for select to scoville_definer
  using (true);
drop policy if exists sale_rules_insert_definer on catalog.sale_rules;
create policy sale_rules_insert_definer on catalog.sale_rules
  for insert to scoville_definer
  with check (true);
drop policy if exists sale_rules_delete_definer on catalog.sale_rules;
create policy sale_rules_delete_definer on catalog.sale_rules
  for delete to scoville_definer
  using (true);

grant select on catalog.sale_rules to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (channel_id, rule_no, sku_id, mode, units_max, priority, ships_on) on catalog.sale_rules to scoville_definer;
grant delete on catalog.sale_rules to scoville_definer;
