-- How many events wait to be sequenced; counts one more than p_limit at most. Reads only: an idle poll takes no lock, uses no
-- transaction id and writes no WAL.
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
    select count(*)
      from (select
              from events.outbox o
             where o.region_id = any (array(select c.region_id from catalog.regions c) || 0::smallint)
               and o.outbox_id > (select s.settled_id from events.stream s)
             limit p_limit + 1) w);
end
$$;

grant execute on function events.count_waiting(integer) to scoville_definer;
