-- Definer: only the owner of a table may analyze it, and no login can become the owner.
-- Analyzes the tables that have rows and were never analyzed, and returns their number. Without statistics every index that begins with
-- region_id costs the same, and the plan of a foreign key may read all orders of the region. PostgreSQL's own autovacuum comes up to
-- a minute later; sessions that begin in that minute keep such plans until then. Smaller tables cost little, and a few rows say too
-- little: of one row, every column looks unique.
create or replace function jobs.analyze_young_tables()
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set lock_timeout = '500ms'
as $$
declare
  c_bytes_min constant integer := 32768;
  v_table regclass;
  v_analyzed integer := 0;
begin
  for v_table in
    select c.oid::regclass
      from pg_class c
     where c.relkind = 'r' and c.reltuples < 0 and c.relnamespace = any (array[
             'catalog', 'stock', 'orders', 'events', 'audit', 'identity', 'webhooks']::regnamespace[])
       and pg_relation_size(c.oid) >= c_bytes_min
     order by c.oid
  loop
    execute format('analyze %s', v_table);
    v_analyzed := v_analyzed + 1;
  end loop;
  return v_analyzed;
end
$$;

grant execute on function jobs.analyze_young_tables() to scoville_worker;
