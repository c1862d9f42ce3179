-- Every role reads the currencies. They are data of ISO 4217: a migration changes them, nobody else.
alter table catalog.currencies enable row level security;
alter table catalog.currencies force row level security;

drop policy if exists currencies_select_every_role on catalog.currencies;
create policy currencies_select_every_role on catalog.currencies
  for select to admin, warehouse, sales, integration, scoville_worker
  using (true);

drop policy if exists currencies_select_definer on catalog.currencies;
create policy currencies_select_definer on catalog.currencies
  for select to scoville_definer
  using (true);

grant select on catalog.currencies to admin, warehouse, sales, integration, scoville_worker, scoville_definer;

-- Analysts read them through the views of schema bi.
drop policy if exists currencies_select_analysts on catalog.currencies;
create policy currencies_select_analysts on catalog.currencies
  for select to bi_reader
  using (true);
grant select (currency, decimals) on catalog.currencies to bi_reader;
