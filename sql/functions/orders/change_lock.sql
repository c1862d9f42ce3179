-- The first key of the locks of orders.begin_change. Other advisory locks have one key of 64 bits, so none can equal them.
create or replace function orders.change_lock()
  returns integer
  language sql
  immutable
  parallel safe
  return 1410;

grant execute on function orders.change_lock() to scoville_definer, admin, warehouse, sales, integration;
