-- The role that the transaction entered with. Inside a SECURITY DEFINER function it is still the caller's.
create or replace function app.claim_role()
  returns text
  language sql
  stable
  parallel safe
  return current_setting('role');

grant execute on function app.claim_role() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
