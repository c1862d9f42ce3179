-- Takes the committed events out of the outbox, in the order of their ids, all of which are above p_settled_id. p_waiting: how many
-- they were a moment ago. If more than p_limit, it takes the first p_limit: it chooses them by key, region by region, so that each
-- scan begins at live rows, then deletes by ranges, because the rows chosen in a region are the first that this snapshot sees there.
-- The settings leave the planner no other plan, because its statistics of a queue are always out of date.
create or replace function events.take_outbox(
  p_settled_id bigint,
  p_waiting bigint,
  p_limit integer
)
  returns events.outbox[]
  language plpgsql
  volatile
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_bitmapscan = off
  set jit = off
as $$
declare
  v_taken events.outbox[];
begin
  if p_waiting <= p_limit then
    with taken as (
      delete from events.outbox o
       where o.region_id = any (array(select c.region_id from catalog.regions c) || 0::smallint) and o.outbox_id > p_settled_id
      returning o.*
    )
    select array_agg(t::events.outbox order by t.outbox_id) into v_taken from taken t;
    return coalesce(v_taken, '{}');
  end if;

  with chosen as (
    select o.region_id, o.outbox_id
      from (select 0::smallint as region_id union all select c.region_id from catalog.regions c) r
     cross join lateral (
       select o.region_id, o.outbox_id
         from events.outbox o
        where o.region_id = r.region_id and o.outbox_id > p_settled_id
        order by o.outbox_id
        limit p_limit) o
     order by o.outbox_id
     limit p_limit
  ), ranges as materialized (
    select c.region_id, max(c.outbox_id) as until_id
      from chosen c
     group by c.region_id
  ), taken as (
    delete from events.outbox o
     using ranges r
     where o.region_id = r.region_id and o.outbox_id > p_settled_id and o.outbox_id <= r.until_id
    returning o.*
  )
  select array_agg(t::events.outbox order by t.outbox_id) into v_taken from taken t;
  return coalesce(v_taken, '{}');
end
$$;

grant execute on function events.take_outbox(bigint, bigint, integer) to scoville_definer;
