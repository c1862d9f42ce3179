-- The most advisory locks of one kind that a command takes one by one. All locks of the server share one table, so what a longer list
-- needs is guarded otherwise.
create or replace function app.listed_locks_max()
  returns integer
  language sql
  immutable
  parallel safe
  return 32;

grant execute on function app.listed_locks_max() to scoville_definer;
