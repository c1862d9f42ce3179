-- The beginning and end of the log, and the events after a seq, at most p_limit, as jobs.read_events returns them: all as of one moment.
-- At least one row, without an event if there is none; without p_after, only that row. If p_waiting, waiting_seconds is that of
-- jobs.waiting_seconds.
-- A generic plan: the planner takes a range of constants for cheaper, so it would plan each call for five times what the call costs.
create or replace function jobs.follow_log(
  p_after bigint,
  p_limit integer,
  p_waiting boolean
)
  returns table (epoch text, first_seq bigint, last_seq bigint, waiting_seconds numeric, seq bigint, region_id smallint, type text,
                 audience text, warehouse_ids text[], channel_id text, event json)
  language plpgsql
  stable
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_bitmapscan = off
  set jit = off
as $$
begin
  return query
    select s.epoch, s.first_seq, s.last_seq, w.seconds, e.seq, e.region_id, e.type, e.audience, e.warehouse_ids, e.channel_id,
           case when e.seq is not null then events.document(e) end
      from events.stream s
     cross join lateral (select case when p_waiting then jobs.waiting_seconds() end offset 0) w (seconds)
      left join events.event_log e on e.seq > p_after and e.seq <= p_after + p_limit
     order by e.seq;
end
$$;

grant execute on function jobs.follow_log(bigint, integer, boolean) to scoville_worker;
