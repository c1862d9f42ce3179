-- Definer: the worker may read the age of the sums, but not the sums.
-- The time up to which the sums of BI are complete, one row per region and rollup; 1970 if they never were.
create or replace function jobs.measure_rollups()
  returns table (figure text, labels jsonb, value numeric)
  language sql
  stable
  security definer
  set search_path = ''
as $$
  select 'rollup_as_of_timestamp_seconds', jsonb_build_object('region', r.region_id::text, 'rollup', u.rollup),
         coalesce(extract(epoch from k.as_of_at), 0)
    from catalog.regions r
   cross join (values ('sales'), ('stock')) u (rollup)
    left join analytics.rollups k on k.region_id = r.region_id and k.rollup = u.rollup
   order by r.region_id, u.rollup;
$$;

alter function jobs.measure_rollups() owner to scoville_definer;
grant execute on function jobs.measure_rollups() to scoville_worker;
