-- Whether the commands of the caller's role may touch every warehouse, as an order does. Only warehouse staff are bound to their own.
create or replace function app.reaches_all_warehouses()
  returns boolean
  language sql
  stable
  parallel safe
  return current_setting('role') in ('admin', 'sales', 'integration', 'scoville_worker');

grant execute on function app.reaches_all_warehouses() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
