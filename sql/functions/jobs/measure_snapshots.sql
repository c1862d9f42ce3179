-- Everything that keeps an old snapshot of this database: sessions, prepared transactions, slots of standbys. `transactions` have begun
-- since. Until it ends, vacuum removes no row version that they replaced, so each change of a hot row makes its next lookup slower.
-- Every role sees login and snapshot of every session, but not its kind: autovacuum has no login.
create or replace function jobs.measure_snapshots()
  returns table (holder text, transactions integer)
  language sql
  stable
  set search_path = ''
as $$
  select 'session ' || a.pid || ' of ' || a.usename, greatest(age(a.backend_xmin), age(a.backend_xid))
    from pg_catalog.pg_stat_activity a
   where coalesce(a.backend_xmin, a.backend_xid) is not null and a.pid <> pg_backend_pid()
     and (a.datname = current_database() or a.datname is null) and a.usename is not null
  union all
  select 'prepared transaction ' || p.gid, age(p.transaction)
    from pg_catalog.pg_prepared_xacts p
   where p.database = current_database()
  union all
  select 'replication slot ' || s.slot_name, age(s.xmin)
    from pg_catalog.pg_replication_slots s
   where s.xmin is not null
   order by 2 desc;
$$;

grant execute on function jobs.measure_snapshots() to scoville_worker;
