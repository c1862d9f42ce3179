-- Whether the caller's role may see the orders of every channel.
create or replace function app.reaches_all_channels()
  returns boolean
  language sql
  stable
  parallel safe
  return current_setting('role') in ('admin', 'scoville_worker');

grant execute on function app.reaches_all_channels() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
