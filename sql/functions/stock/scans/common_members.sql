-- What several readings of a scan have in common, with null for the rest. Nothing can be done with a scan that is not settled.
create or replace function stock.common_members(
  p_readings json[]
)
  returns json
  language sql
  immutable
  set search_path = ''
as $$
  select json_object_agg(m.key, case
           when m.key in ('known', 'sellable') then 'false'::json
           when m.key in ('can', 'faults') then '[]'::json
           when m.same then p_readings[1] -> m.key
           end)
    from (select e.key, count(distinct e.value::text) = 1 as same
            from unnest(p_readings) r (reading)
           cross join json_each(r.reading) e
           group by e.key) m;
$$;

grant execute on function stock.common_members(json[]) to scoville_definer;
