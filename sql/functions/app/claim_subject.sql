-- The caller, for ledger and audit. Without the claim, the role's name.
create or replace function app.claim_subject()
  returns text
  language sql
  stable
  parallel safe
  return coalesce(nullif(current_setting('scoville.subject', true), ''), current_setting('role'));

grant execute on function app.claim_subject() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
