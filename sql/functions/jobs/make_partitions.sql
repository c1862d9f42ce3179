-- Definer: only the owner of a table may create a partition of it, and no login can become the owner.
-- Creates the partitions of this month and the next three for our first partitioned table that lacks one, and returns the number of
-- new partitions. Call it until it returns 0. It handles one table per call, because each is locked exclusively until the transaction
-- ends, and a transaction that waits for one such lock must not hold another: a report that reads the ledger for minutes would stop
-- all writes.
-- A month that already has rows in the default partition stays there: correct, only slower to drop later.
-- Row-level security is on and forced on each partition, with no policy: nobody reads it directly. Columns that the parent wants no
-- statistics of (JSON) have none in it either: PostgreSQL does not pass that on.
create or replace function jobs.make_partitions()
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set lock_timeout = '500ms'
as $$
declare
  v_parent record;
  v_month date;
  v_name text;
  v_column text;
  v_made integer := 0;
begin
  for v_parent in
    select n.nspname, c.relname, c.oid
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'p' and n.nspname in ('stock', 'events', 'audit')
     order by 1, 2
  loop
    for v_month in
      select generate_series(m.first, m.first + interval '3 months', interval '1 month')::date
        from (select date_trunc('month', timezone('UTC', app.now()))) as m (first)
    loop
      v_name := v_parent.relname || to_char(v_month, '"_y"YYYY"m"MM');
      continue when to_regclass(format('%I.%I', v_parent.nspname, v_name)) is not null;
      -- Fails if the default partition has a row of the month; then the month stays there.
      begin
        execute format(
          'create table %I.%I partition of %I.%I for values from (%L) to (%L)', v_parent.nspname, v_name,
          v_parent.nspname, v_parent.relname, v_month::timestamp at time zone 'UTC',
          (v_month + interval '1 month') at time zone 'UTC');
      exception when check_violation then
        continue;
      end;
      execute format('alter table %I.%I enable row level security', v_parent.nspname, v_name);
      execute format('alter table %I.%I force row level security', v_parent.nspname, v_name);
      for v_column in
        select a.attname from pg_attribute a where a.attrelid = v_parent.oid and a.attnum > 0 and a.attstattarget = 0
      loop
        execute format('alter table %I.%I alter column %I set statistics 0', v_parent.nspname, v_name, v_column);
      end loop;
      execute format('comment on table %I.%I is %L', v_parent.nspname, v_name,
        format('Rows recorded from %s on, for a month.', v_month));
      v_made := v_made + 1;
    end loop;
    exit when v_made > 0;
  end loop;
  return v_made;
end
$$;

grant execute on function jobs.make_partitions() to scoville_worker;
