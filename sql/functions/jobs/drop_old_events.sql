-- Definer: only the owner of a table may drop a partition of it, and no login can become the owner.
-- Drops events older than events.stream.retention_months whole months, and returns the number of dropped partitions.
--
-- Takes two calls. The first moves first_seq to the first kept event, with the hash before it as the new start of the chain. A later
-- call drops the partitions that are wholly before first_seq, and such rows of the default partition. By then no reader still uses
-- the old first_seq and would miss the dropped events silently.
-- All events before first_seq are old: the first kept event is the first one that is not old. So even events recorded with a wrong
-- clock never leave a gap.
--
-- No role may delete from the log. The owner suspends its own row-level security for the one statement that clears the default
-- partition.
-- Locks: a drop locks the log exclusively. It waits half a second at most for that lock, because everybody else waits behind it.
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
    return v_dropped;  -- the next call continues; these locks and that of the stream together could deadlock with the sequencer
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
