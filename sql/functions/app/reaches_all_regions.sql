-- Whether the caller's role works in every region, so the caller may name another region.
create or replace function app.reaches_all_regions()
  returns boolean
  language sql
  stable
  parallel safe
  return current_setting('role') in ('admin', 'scoville_worker');

grant execute on function app.reaches_all_regions() to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
