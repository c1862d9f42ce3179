-- The moment before which every change of an order is committed: a change that becomes visible later has a later updated_at. It is now,
-- or the second in which the oldest running change began (orders.begin_change). A snapshot taken after the call sees all of them.
-- Null on a standby, which does not know what runs on its primary.
create or replace function orders.complete_until()
  returns timestamptz
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.clock();  -- before the look at the locks
begin
  if pg_is_in_recovery() then
    return null;
  end if;
  return (
    select least(v_now, to_timestamp(min(l.objid::bigint)))
      from pg_catalog.pg_locks l
     where l.locktype = 'advisory' and l.objsubid = 2 and l.classid = orders.change_lock()::oid and l.pid <> pg_backend_pid()
       and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database()));
end
$$;

grant execute on function orders.complete_until() to scoville_definer, admin, warehouse, sales, integration;
