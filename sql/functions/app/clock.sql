-- The present moment, also in a transaction that began long ago. A test sets it together with app.now().
create or replace function app.clock()
  returns timestamptz
  language sql
  volatile
  return coalesce(nullif(current_setting('scoville.now', true), '')::timestamptz, clock_timestamp());

grant execute on function app.clock() to scoville_definer, admin, warehouse, sales, integration;
