-- The next events after a seq, at most p_limit, in order and of every region, with the columns that a reader needs to decide who may
-- see them. seq has no gap: if the first row is not p_after + 1, p_after is before the beginning of the log.
create or replace function jobs.read_events(
  p_after bigint,
  p_limit integer
)
  returns table (seq bigint, region_id smallint, type text, audience text, subject text, sku_id text, warehouse_ids text[],
                 channel_id text, version bigint, event json)
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
    select e.seq, e.region_id, e.type, e.audience, e.subject, e.sku_id, e.warehouse_ids, e.channel_id, e.version,
           events.document(e)
      from events.event_log e
     where e.seq > p_after and e.seq <= p_after + p_limit
     order by e.seq;
end
$$;

grant execute on function jobs.read_events(bigint, integer) to scoville_worker;
