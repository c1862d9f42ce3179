-- Definer: only the owner of a table may drop a partition of it, and no login can become the owner.
-- Lets go of events older than events.stream.retention_months whole months, and answers how many partitions it dropped.
--
-- In two calls. The first moves first_seq to the first event that is kept, with the hash before it as the new beginning of
-- the chain. A later one drops the partitions that lie wholly before it, and such rows of the default partition. So by the
-- time they go no reader is left that still took the old first_seq for true and would miss them without a word.
-- What lies before first_seq is old altogether: the first event that is kept is the first whose moment is not old, so even
-- events recorded while a clock ran wrong never leave a gap.
--
-- Nobody may delete from the log; the owner suspends its own row-level security for the one statement that clears the default
-- partition.
-- Locks: dropping takes the log exclusively, for which it waits half a second at most, since everybody then waits behind it.
create or replace function jobs.drop_old_events()
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set lock_timeout = '500ms'
as $$
declare
  v_stream events.stream;
  v_month timestamptz := date_trunc('month', timezone('UTC', app.now())) at time zone 'UTC';
  v_kept_from timestamptz;
  v_first bigint;
  v_partition text;
  v_dropped integer := 0;
  v_cleared integer := 0;
begin
  select s.* into v_stream from events.stream s;
  v_kept_from := ((v_month at time zone 'UTC') - make_interval(months => v_stream.retention_months)) at time zone 'UTC';
  if v_stream.trimmed_at > app.now() - interval '1 minute' then
    return 0;
  end if;
  for v_partition in select p.name from events.list_partitions(v_kept_from) p where p.last_seq < v_stream.first_seq loop
    execute format('drop table events.%I', v_partition);
    v_dropped := v_dropped + 1;
  end loop;
  if exists (select from events.event_log e
              where e.tableoid = 'events.event_log_default'::regclass and e.seq < v_stream.first_seq) then
    alter table events.event_log_default no force row level security;
    delete from events.event_log_default e where e.seq < v_stream.first_seq;
    get diagnostics v_cleared = row_count;
    alter table events.event_log_default force row level security;
  end if;
  if v_dropped + v_cleared > 0 then
    return v_dropped;  -- the next call goes on; together with these locks that of the stream could deadlock with the sequencer
  end if;

  select s.* into v_stream from events.stream s for no key update;
  select coalesce(min(e.seq), v_stream.last_seq + 1) into v_first from events.event_log e where e.recorded_at >= v_kept_from;
  if v_first > v_stream.first_seq then
    update events.stream s
       set first_seq = v_first, trimmed_at = app.now(),
           anchor_hash = (select e.hash from events.event_log e where e.seq = v_first - 1);
  end if;
  return 0;
end
$$;

grant execute on function jobs.drop_old_events() to scoville_worker;
