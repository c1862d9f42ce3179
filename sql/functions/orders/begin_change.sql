-- The moment of a change of orders, for updated_at. Whoever writes updated_at calls this first.
-- Takes an advisory lock whose key is this moment in seconds, shared, until the transaction ends: all who read pg_locks see when the
-- oldest change began that is not committed yet (orders.complete_until). The lock comes before the moment, so a change whose lock
-- a reader does not see has ended, or is later than that look. Nobody waits for it.
create or replace function orders.begin_change()
  returns timestamptz
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock_shared(orders.change_lock(), floor(extract(epoch from clock_timestamp()))::integer);
  return app.clock();
end
$$;

grant execute on function orders.begin_change() to scoville_definer;
