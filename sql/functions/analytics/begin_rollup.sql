-- Locks the row of a rollup, so that one session at a time adds to it. False where another session holds the lock.
create or replace function analytics.begin_rollup(
  p_region_id smallint,
  p_rollup text
)
  returns boolean
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  insert into analytics.rollups (region_id, rollup) values (p_region_id, p_rollup)
  on conflict on constraint rollups_pkey do nothing;
  perform from analytics.rollups r
    where r.region_id = p_region_id and r.rollup = p_rollup
    order by r.rollup
      for no key update skip locked;
  return found;
end
$$;

grant execute on function analytics.begin_rollup(smallint, text) to scoville_definer;
