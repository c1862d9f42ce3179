-- The caller's channels; null (which equals nothing) without the claim.
create or replace function app.claim_channels()
  returns text[]
  language sql
  stable
  parallel safe
  return nullif(current_setting('scoville.channels', true), '')::text[];

grant execute on function app.claim_channels() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
