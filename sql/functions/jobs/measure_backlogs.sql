-- Definer: no role may read the outbox, but its backlog is not secret.
-- The backlogs of the worker and the sequencer, and for how many seconds the oldest entry has waited: expired reservations that still
-- count as reserved, unpaid orders whose time is over, and events that are not in the log yet. One row each, also when nothing waits.
-- Counts at most 100,000 entries: that many are a problem already, and the measurement must not add to it.
create or replace function jobs.measure_backlogs()
  returns table (backlog text, waiting bigint, oldest_seconds numeric)
  language plpgsql
  stable
  security definer
  set search_path = ''
  set enable_seqscan = off
  set enable_bitmapscan = off
  set jit = off
as $$
declare
  c_counted_max constant integer := 100000;
  v_now timestamptz := app.now();
begin
  return query
    select 'events', count(*), coalesce(extract(epoch from v_now - min(w.occurred_at)), 0)
      from (select o.occurred_at
              from (select 0::smallint as region_id union all select c.region_id from catalog.regions c) r
              join events.stream s on s.stream_id = 1
             cross join lateral (
               select o.occurred_at
                 from events.outbox o
                where o.region_id = r.region_id and o.outbox_id > s.settled_id
                order by o.outbox_id
                limit c_counted_max) o
             limit c_counted_max) w;
  return query
    select 'expired reservations', count(*), coalesce(extract(epoch from v_now - min(w.expires_at)), 0)
      from (select h.expires_at
              from catalog.regions r
             cross join lateral (
               select h.expires_at
                 from stock.reservations h
                where h.region_id = r.region_id and h.status = 'active' and h.expires_at <= v_now
                order by h.expires_at
                limit c_counted_max) h
             limit c_counted_max) w;
  return query
    select 'overdue orders', count(*), coalesce(extract(epoch from v_now - min(w.unpaid_until)), 0)
      from (select o.unpaid_until
              from catalog.regions r
             cross join lateral (
               select o.unpaid_until
                 from orders.orders o
                where o.region_id = r.region_id and o.unpaid_until <= v_now
                order by o.unpaid_until
                limit c_counted_max) o
             limit c_counted_max) w;
end
$$;

alter function jobs.measure_backlogs() owner to scoville_definer;
grant execute on function jobs.measure_backlogs() to scoville_worker;
