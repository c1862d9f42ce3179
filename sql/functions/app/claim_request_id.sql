-- The id of the request that a change belongs to, or null.
create or replace function app.claim_request_id()
  returns text
  language sql
  stable
  parallel safe
  return nullif(current_setting('scoville.request_id', true), '');

grant execute on function app.claim_request_id() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
