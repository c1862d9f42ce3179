-- The channel that a caller who names none means: the caller's only channel, or web for an admin or the worker. Otherwise null.
create or replace function app.claim_channel()
  returns text
  language sql
  stable
  parallel safe
  return case when cardinality(nullif(current_setting('scoville.channels', true), '')::text[]) = 1
              then (nullif(current_setting('scoville.channels', true), '')::text[])[1]
              when current_setting('role') in ('admin', 'scoville_worker') then 'web' end;

grant execute on function app.claim_channel() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
