-- Definer: no role may read the outbox.
-- For how long the first event that is committed and not yet in the log has waited, since the beginning of its transaction. Together
-- with the end of the log in the same snapshot, this gives the time up to which the log is complete: events committed before the
-- beginning of that transaction are in it. (Of two waiting events the lower outbox_id was drawn first. So the other event was
-- committed later still, whenever its transaction began.)
create or replace function jobs.waiting_seconds()
  returns numeric
  language plpgsql
  stable
  security definer
  set search_path = ''
  set enable_seqscan = off
  set enable_bitmapscan = off
  set jit = off
as $$
begin
  return (
    select coalesce(extract(epoch from clock_timestamp() - min(o.occurred_at)), 0)
      from (select 0::smallint as region_id union all select c.region_id from catalog.regions c) r
      join events.stream s on s.stream_id = 1
     cross join lateral (
       select o.occurred_at
         from events.outbox o
        where o.region_id = r.region_id and o.outbox_id > s.settled_id
        order by o.outbox_id
        limit 1) o);
end
$$;

alter function jobs.waiting_seconds() owner to scoville_definer;
grant execute on function jobs.waiting_seconds() to scoville_worker;
