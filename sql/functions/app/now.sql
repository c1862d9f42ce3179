-- The only clock. A test sets scoville.now, which changes what its own session computes and nothing that another session sees.
create or replace function app.now()
  returns timestamptz
  language sql
  stable
  parallel safe
  return coalesce(nullif(current_setting('scoville.now', true), '')::timestamptz, transaction_timestamp());

grant execute on function app.now() to scoville_definer, admin, warehouse, sales, integration, scoville_worker, bi_reader;
