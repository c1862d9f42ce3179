-- Kept answers contain whole documents: only the functions reach them, always by the hash of sender, route and key.
alter table identity.idempotency_keys enable row level security;
alter table identity.idempotency_keys force row level security;

drop policy if exists idempotency_keys_select_own_region on identity.idempotency_keys;
create policy idempotency_keys_select_own_region on identity.idempotency_keys
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists idempotency_keys_select_definer on identity.idempotency_keys;
create policy idempotency_keys_select_definer on identity.idempotency_keys
  for select to scoville_definer
  using (true);
drop policy if exists idempotency_keys_insert_definer on identity.idempotency_keys;
create policy idempotency_keys_insert_definer on identity.idempotency_keys
  for insert to scoville_definer
  with check (true);
drop policy if exists idempotency_keys_delete_definer on identity.idempotency_keys;
create policy idempotency_keys_delete_definer on identity.idempotency_keys
  for delete to scoville_definer
  using (app.reaches_all_channels());

drop policy if exists idempotency_keys_update_definer on identity.idempotency_keys;
create policy idempotency_keys_update_definer on identity.idempotency_keys
  for update to scoville_definer
  using (app.reaches_all_channels())
  with check (app.reaches_all_channels());

grant select, delete on identity.idempotency_keys to scoville_definer;
grant insert on identity.idempotency_keys to scoville_definer;
grant update (answer) on identity.idempotency_keys to scoville_definer;
