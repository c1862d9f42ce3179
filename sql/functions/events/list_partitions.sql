-- The monthly partitions of the log that end at or before a moment, with the highest seq in each (0 for an empty one).
-- jobs.make_partitions defines their names.
-- The seq covers only events that the caller may see.
create or replace function events.list_partitions(
  p_until timestamptz
)
  returns table (name text, last_seq bigint)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select m.name, coalesce((
             select max(e.seq) from events.event_log e
              where e.recorded_at >= m.begins and e.recorded_at < m.ends), 0)
      from (select c.relname::text as name, b.begins at time zone 'UTC' as begins,
                   (b.begins + interval '1 month') at time zone 'UTC' as ends
              from pg_inherits i
              join pg_class c on c.oid = i.inhrelid
             cross join lateral (
               select to_timestamp(right(c.relname, 8), '"y"YYYY"m"MM') at time zone 'UTC') b (begins)
             where i.inhparent = 'events.event_log'::regclass
               and c.relname ~ '^event_log_y[0-9]{4}m[0-9]{2}$') m
     where m.ends <= p_until
     order by m.name;
end
$$;
