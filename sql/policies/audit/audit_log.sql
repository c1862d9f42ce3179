-- Append-only: nobody may update, delete or truncate, but for the functions that erase a person (audit.erase_history,
-- audit.erase_email), which are the owner's. Admin reads it, and orders.timeline what it says about one order.
alter table audit.audit_log enable row level security;
alter table audit.audit_log force row level security;

drop policy if exists audit_log_select_own_region on audit.audit_log;
create policy audit_log_select_own_region on audit.audit_log
  as restrictive for select to warehouse, sales, integration, scoville_definer
  using (region_id in (0, app.claim_region()) or app.reaches_all_regions());

drop policy if exists audit_log_select_everything on audit.audit_log;
create policy audit_log_select_everything on audit.audit_log
  for select to admin
  using (true);

-- What became of an order (orders.timeline).
drop policy if exists audit_log_select_definer on audit.audit_log;
create policy audit_log_select_definer on audit.audit_log
  for select to scoville_definer
  using (table_name in ('orders.orders', 'orders.order_lines', 'orders.order_contacts', 'orders.fulfillments'));

drop policy if exists audit_log_insert_definer on audit.audit_log;
create policy audit_log_insert_definer on audit.audit_log
  for insert to scoville_definer
  with check (true);

-- `scoville bi` makes and removes logins as the owner.
drop policy if exists audit_log_insert_owner on audit.audit_log;
create policy audit_log_insert_owner on audit.audit_log
  for insert to scoville_owner
  with check (table_name = 'identity.bi_logins');

-- Erasures.
drop policy if exists audit_log_select_owner on audit.audit_log;
create policy audit_log_select_owner on audit.audit_log
  for select to scoville_owner
  using (true);
drop policy if exists audit_log_update_owner on audit.audit_log;
create policy audit_log_update_owner on audit.audit_log
  for update to scoville_owner
  using (app.is_erasing())
  with check (app.is_erasing());

grant select on audit.audit_log to admin, scoville_definer;
grant insert on audit.audit_log to scoville_definer;
grant usage on sequence audit.audit_log_audit_id_seq to scoville_definer;

-- A partition has no policy, so nobody can read it directly.
alter table audit.audit_log_default enable row level security;
alter table audit.audit_log_default force row level security;
