-- The caller's warehouses; null (which equals nothing) without the claim.
create or replace function app.claim_warehouses()
  returns text[]
  language sql
  stable
  parallel safe
  return nullif(current_setting('scoville.warehouses', true), '')::text[];

grant execute on function app.claim_warehouses() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
