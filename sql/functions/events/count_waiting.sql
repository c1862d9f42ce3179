-- How many events wait to be sequenced; counts one more than p_limit at most. Reads only: an idle poll takes no lock, uses no
-- transaction id and writes no WAL. Region by region, as events.take_outbox: an array of regions is no condition of the index for
-- PostgreSQL 15, which then reads every dead row that a long reader keeps.
create or replace function events.count_waiting(
  p_limit integer
)
  returns bigint
  language plpgsql
  stable
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_bitmapscan = off
  set jit = off
as $$
begin
  return (
    select least(count(*), p_limit + 1)
      from (select 0::smallint as region_id union all select c.region_id from catalog.regions c) r
     cross join lateral (
       select from events.outbox o
        where o.region_id = r.region_id and o.outbox_id > (select s.settled_id from events.stream s)
        limit p_limit + 1) w);
end
$$;

grant execute on function events.count_waiting(integer) to scoville_definer;
