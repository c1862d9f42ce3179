-- Notes what a batch of events says of the levels of calm SKUs: whatever the batch does to such a SKU, no sum of it reaches another
-- state, because each level stays within its share (events.known_levels.calm_from, calm_until). Returns the ordinals of all other
-- events that concern what can be sold, null if there are none: events.announce_stock looks at the sums of those.
-- A level that the log does not know has no share, and an adjustment that changes no available unit may have set its reorder
-- point. A change of the catalog can concern any SKU, so such a batch has no calm one.
-- Nested loops only look up by key, as a lateral: the planner does not know how many events a batch has.
create or replace function events.note_levels(
  p_events events.outbox[]
)
  returns bigint[]
  language plpgsql
  volatile
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_nestloop = off
  set jit = off
as $$
declare
  v_others bigint[];
begin
  with levels as (
    select e.region_id, e.sku_id, e.warehouse_ids[1] as warehouse_id, array_agg(e.ordinality) as nths, min(a.available) as least,
           max(a.available) as most, (array_agg(a.available order by e.ordinality desc))[1] as last,
           bool_or(t.about <> 'level') as is_catalog,
           bool_or(e.type = 'stock.adjusted' and e.data #> '{new,available}' is not distinct from e.data #> '{old,available}') as is_setting
      from unnest(p_events) with ordinality e
      join events.event_types t on t.type = e.type and t.about in ('level', 'sku', 'channel', 'warehouse')
     cross join lateral (select (e.data #>> '{new,available}')::integer) a (available)
     group by e.region_id, e.sku_id, e.warehouse_ids[1]
  ), judged as (
    select l.*, bool_and(coalesce(l.least >= k.calm_from and l.most <= k.calm_until, false) and not l.is_setting) over (
             partition by l.region_id, l.sku_id) and not bool_or(l.is_catalog) over () as is_calm
      from levels l
      left join lateral (
        select w.calm_from, w.calm_until from events.known_levels w
         where w.region_id = l.region_id and w.sku_id = l.sku_id and w.warehouse_id = l.warehouse_id
         limit 1) k on true
  ), noted as (
    insert into events.known_levels as w (region_id, sku_id, warehouse_id, available, calm_from, calm_until)
    select j.region_id, j.sku_id, j.warehouse_id, j.last, 0, 0
      from judged j
     where j.is_calm
    on conflict on constraint known_levels_pkey do update set available = excluded.available
  )
  select array_agg(n.nth)
    into v_others
    from judged j
   cross join unnest(j.nths) n (nth)
   where not j.is_calm;
  return v_others;
end
$$;

grant execute on function events.note_levels(events.outbox[]) to scoville_definer;
