-- Definer: no role reads the outbox.
-- How long the first event that is committed and not in the log yet has been waiting: since the beginning of its transaction. With
-- the end of the log in the same snapshot this says up to which moment the log is complete: whatever was committed before the
-- beginning of that transaction is in it. (Of two waiting events the lower outbox_id was drawn first, so the other's commit,
-- whenever its transaction began, came later still.)
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
