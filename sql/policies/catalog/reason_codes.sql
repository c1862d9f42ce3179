-- Every role reads the reason codes; api.save_reason_codes writes them.
alter table catalog.reason_codes enable row level security;
alter table catalog.reason_codes force row level security;

drop policy if exists reason_codes_select_every_role on catalog.reason_codes;
create policy reason_codes_select_every_role on catalog.reason_codes
  for select to admin, warehouse, sales, integration, scoville_worker
  using (true);

drop policy if exists reason_codes_select_definer on catalog.reason_codes;
create policy reason_codes_select_definer on catalog.reason_codes
  for select to scoville_definer
  using (true);
drop policy if exists reason_codes_insert_definer on catalog.reason_codes;
create policy reason_codes_insert_definer on catalog.reason_codes
  for insert to scoville_definer
  with check (true);
drop policy if exists reason_codes_update_definer on catalog.reason_codes;
create policy reason_codes_update_definer on catalog.reason_codes
  for update to scoville_definer
  using (true)
  with check (true);

grant select on catalog.reason_codes to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
grant insert (reason_code, description, direction, takes, note_required, active) on catalog.reason_codes to scoville_definer;
grant update (description, direction, takes, note_required, active, version) on catalog.reason_codes to scoville_definer;

-- Analysts read only these columns, through the views of schema bi.
drop policy if exists reason_codes_select_analysts on catalog.reason_codes;
create policy reason_codes_select_analysts on catalog.reason_codes
  for select to bi_reader
  using (true);
grant select (reason_code, description, direction, takes, active) on catalog.reason_codes to bi_reader;
