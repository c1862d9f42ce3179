-- Every role reads the reasons; no function writes them yet.
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
grant select on catalog.reason_codes to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
