-- For the functions that write orders. No role reads it, not even admin.
alter table identity.pseudonym_keys enable row level security;
alter table identity.pseudonym_keys force row level security;

drop policy if exists pseudonym_keys_select_definer on identity.pseudonym_keys;
create policy pseudonym_keys_select_definer on identity.pseudonym_keys
  for select to scoville_definer
  using (true);

grant select on identity.pseudonym_keys to scoville_definer;
