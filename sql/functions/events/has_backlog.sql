-- Whether an event waits to be sequenced. Reads only: an idle poll takes no lock, uses no transaction id and writes no WAL.
create or replace function events.has_backlog()
  returns boolean
  language plpgsql
  stable
  set search_path = ''
  set enable_seqscan = off
  set enable_bitmapscan = off
  set jit = off
as $$
begin
  return exists (
    select
      from (select 0::smallint as region_id union all select c.region_id from catalog.regions c) r
     join events.stream s on s.stream_id = 1
     cross join lateral (
       select from events.outbox o
        where o.region_id = r.region_id and o.outbox_id > s.settled_id
        order by o.outbox_id
        limit 1) o);
end
$$;

grant execute on function events.has_backlog() to scoville_definer;
