-- The caller's region; null (which equals nothing) without the claim.
create or replace function app.claim_region()
  returns smallint
  language sql
  stable
  parallel safe
  return nullif(current_setting('scoville.region', true), '')::smallint;

grant execute on function app.claim_region() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
