-- The register of erasures: only admins can erase and read it.
alter table orders.erasures enable row level security;
alter table orders.erasures force row level security;

drop policy if exists erasures_select_own_region on orders.erasures;
create policy erasures_select_own_region on orders.erasures
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id = app.claim_region() or app.reaches_all_regions());

drop policy if exists erasures_select_everything on orders.erasures;
create policy erasures_select_everything on orders.erasures
  for select to admin
  using (true);

drop policy if exists erasures_select_definer on orders.erasures;
create policy erasures_select_definer on orders.erasures
  for select to scoville_definer
  using (app.reaches_all_channels());
drop policy if exists erasures_insert_definer on orders.erasures;
create policy erasures_insert_definer on orders.erasures
  for insert to scoville_definer
  with check (app.reaches_all_channels());

grant select on orders.erasures to admin, scoville_definer;
grant insert (region_id, email_hash, order_ids, erased_at, actor, request_id) on orders.erasures to scoville_definer;
grant usage on sequence orders.erasures_erasure_id_seq to scoville_definer;
