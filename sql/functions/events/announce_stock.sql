-- Adds to a batch of events, which the sequencer is about to append, what it says about SKUs: stock.low, stock.out and
-- stock.back_in over all warehouses that serve a channel, the same for each channel, and for each level with a reorder point of its
-- own. Each follows the event that caused it.
--
-- Only the sequencer can decide this. A transaction holds the locks of its own levels, so it does not know the sum; the sequencer is
-- alone, and it follows the log: events.known_levels is each level as the log left it, events.announced_states what it announced.
-- So every crossing in the log is announced once, however many transactions changed the levels at once. Looks at the events p_nths
-- only: the others change no state (events.note_levels).
create or replace function events.announce_stock(
  p_events events.outbox[],
  p_nths bigint[]
)
  returns events.outbox[]
  language plpgsql
  volatile
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_nestloop = off
  set jit = off
as $$
declare
  v_steps events.step[] := events.read_steps(p_events, p_nths);
  v_sums events.sum[];
  v_said record;
  v_events events.outbox[] := '{}';
  v_until bigint := 0;
begin
  if v_steps = '{}' then
    return p_events;
  end if;
  v_sums := events.stock_sums(v_steps);
  for v_said in
    with walked as (
      select t.*, stock.state_of(t.available, t.reorder_point) as reached
        from (select d.*, s.nth, s.occurred_at, (d.begun + sum(s.delta) over (
                       partition by d.region_id, d.sku_id, d.scope, d.scope_id order by s.nth))::bigint as available
                from unnest(v_sums) d
                join unnest(v_steps) s on s.region_id = d.region_id and s.sku_id = d.sku_id
                 and (s.warehouse_id is null or s.warehouse_id = any (d.member_ids))
               where stock.state_of(d.begun + d.fallen, d.reorder_point) <> d.state
                  or stock.state_of(d.begun + d.risen, d.reorder_point) <> d.state) t
    ), crossed as (
      select w.*, lag(w.reached, 1, w.state) over (
               partition by w.region_id, w.sku_id, w.scope, w.scope_id order by w.nth) as left_state
        from walked w
    ), said as materialized (  -- low units that become more are no news
      select c.*, n.is_news, c.version + count(*) filter (where n.is_news) over (
               partition by c.region_id, c.sku_id, c.scope, c.scope_id order by c.nth) as next_version
        from crossed c
       cross join lateral (select not (c.left_state = 'low' and c.reached = 'in_stock') as is_news) n
       where c.reached <> c.left_state
    ), kept as (
      insert into events.announced_states as a (region_id, sku_id, scope, scope_id, state, version)
      select distinct on (s.region_id, s.sku_id, s.scope, s.scope_id) s.region_id, s.sku_id, s.scope, s.scope_id, s.reached,
             s.next_version
        from said s
       order by s.region_id, s.sku_id, s.scope, s.scope_id, s.nth desc
      on conflict on constraint announced_states_pkey do update set state = excluded.state, version = excluded.version
    )
    select s.nth, array_agg(events.announcement(
             p_region_id => s.region_id, p_sku_id => s.sku_id, p_scope => s.scope, p_scope_id => s.scope_id,
             p_warehouse_ids => s.warehouse_ids, p_version => s.next_version, p_available => s.available,
             p_reorder_point => s.reorder_point, p_old_state => s.left_state, p_new_state => s.reached,
             p_occurred_at => s.occurred_at) order by s.sku_id, s.scope desc, s.scope_id) as events
      from said s
     where s.is_news
     group by s.nth
     order by s.nth
  loop
    v_events := v_events || p_events[v_until + 1 : v_said.nth] || v_said.events;
    v_until := v_said.nth;
  end loop;
  perform events.note_shares(v_steps, v_sums);
  return case when v_until = 0 then p_events else v_events || p_events[v_until + 1 :] end;
end
$$;

grant execute on function events.announce_stock(events.outbox[], bigint[]) to scoville_definer;
