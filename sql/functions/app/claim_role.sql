-- The role that the transaction entered with. A SECURITY DEFINER function still sees the caller's role here.
create or replace function app.claim_role()
  returns text
  language sql
  stable
  parallel safe
  return current_setting('role');

grant execute on function app.claim_role() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
