-- Whether the caller's role may see the stock of every warehouse. Only warehouse staff are bound to their own.
create or replace function app.reaches_all_warehouses()
  returns boolean
  language sql
  stable
  parallel safe
  return current_setting('role') in ('admin', 'sales', 'integration', 'scoville_worker');

grant execute on function app.reaches_all_warehouses() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
