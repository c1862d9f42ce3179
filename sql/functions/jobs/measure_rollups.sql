-- Definer: the worker may learn how old the sums are, and not read them.
-- Up to which moment the sums of BI know everything, a row a region and rollup; the beginning of time where they never did.
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
