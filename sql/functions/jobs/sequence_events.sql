-- Definer: no role may read the outbox or write to the log; this function moves events from one to the other.
-- Moves at most p_limit committed events from the outbox to the end of the log (and those that are committed while it begins), adds
-- what they mean for SKUs (events.announce_stock), and returns the number of those moved: 0 if no event waits, -1 if another session
-- is sequencing (or this server is a standby). One transaction: a crash in between moves nothing. It notifies nobody, because a full
-- queue of notifications would stop the log: the caller does that after the commit (pyapp.eventlog.announcing).
--
-- Only the transaction that has the lock of events.stream moves events, so seq has no gap and the chain no fork. Committed events move
-- in the order of outbox_id. That is not the order of the commits, but it is the order of the versions of each aggregate: a
-- transaction that changes an aggregate locks its row before it draws the outbox_id, and holds the lock until it has committed. So
-- of two changes of one level the later one has the higher ID, and when it becomes visible, the earlier one is visible too.
--
-- Moved rows stay as dead rows in table and index until vacuum may remove them, which a long-running reader (a dump, a report)
-- prevents for hours. So the scan starts after settled_id. settled_id advances to settling_id, the highest ID that had been moved when
-- settling_xid was this function's own transaction, once all transactions before that one have ended (a reader does not delay that).
-- Each of them got its transaction ID before it drew a lower outbox_id, so its rows are either visible to this scan or will never
-- appear.
create or replace function jobs.sequence_events(
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
as $$
declare
  v_stream events.stream;
  v_xmin xid8;
  v_waiting bigint;
  v_taken events.outbox[];
  v_others bigint[];
  v_events events.outbox[];
  v_last_id bigint;
begin
  if pg_is_in_recovery() then
    return -1;
  end if;
  v_waiting := events.count_waiting(p_limit);
  if v_waiting = 0 then
    return 0;
  end if;
  select s.* into v_stream from events.stream s for no key update skip locked;
  if not found then
    return -1;
  end if;
  if not events.commits_durably() then
    -- Readers see an event as soon as this commits. After a crash it must still have this seq.
    perform set_config('synchronous_commit', 'local', true);
  end if;
  if not events.ends_as_left(v_stream) then
    v_stream := events.follow_origin(v_stream);
  end if;
  v_xmin := pg_snapshot_xmin(pg_current_snapshot());
  v_taken := events.take_outbox(p_settled_id => v_stream.settled_id, p_waiting => v_waiting, p_limit => p_limit);
  if v_taken = '{}' then
    return 0;
  end if;
  v_events := v_taken;
  v_others := events.note_levels(v_taken);
  if v_others is not null then
    v_events := events.announce_stock(v_taken, v_others);
  end if;
  v_stream.last_hash := events.append_events(v_stream, v_events);
  v_stream.last_seq := v_stream.last_seq + cardinality(v_events);

  perform set_config('scoville.last_hash', encode(v_stream.last_hash, 'hex'), false);  -- events.ends_as_left
  v_last_id := v_taken[cardinality(v_taken)].outbox_id;
  if v_stream.settling_xid <= v_xmin
     and (cardinality(v_taken) < p_limit or v_last_id >= v_stream.settling_id) then
    v_stream.settled_id := v_stream.settling_id;
    v_stream.settling_xid := null;
  end if;
  if v_stream.settling_xid is null then
    v_stream.settling_id := v_stream.moved_id;
    v_stream.settling_xid := pg_current_xact_id();
  end if;
  update events.stream s
     set last_seq = v_stream.last_seq, last_hash = v_stream.last_hash, moved_id = greatest(s.moved_id, v_last_id),
         settled_id = v_stream.settled_id, settling_id = v_stream.settling_id, settling_xid = v_stream.settling_xid;
  return cardinality(v_taken);
end
$$;

alter function jobs.sequence_events(integer) owner to scoville_definer;
grant execute on function jobs.sequence_events(integer) to scoville_worker;
