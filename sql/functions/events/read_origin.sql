-- Identifies this database and its timeline. The text changes after the restore of a dump (here or elsewhere), after a recovery
-- to a point in time, and after a promotion.
-- Not for a standby, which has no timeline of its own.
create or replace function events.read_origin()
  returns text
  language sql
  volatile
  return (
    select c.system_identifier || '/' || d.oid || '/' || 'events.stream'::regclass::oid
           || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
      from pg_control_system() c
      join pg_database d on d.datname = current_database()
  );

grant execute on function events.read_origin() to scoville_definer;
