-- The refusals of drafts whose external_id the channel has already used, in the table or earlier in this batch. The external_ids are
-- locked (advisory, in order) before the lookup, so two transactions cannot both find the same one free.
-- More than a few are not locked, because all locks of the server share one table. If another transaction then uses one of them at
-- the same moment, the unique index of orders.orders refuses the whole call, and its repeat finds the other order.
create or replace function orders.refuse_duplicates(
  p_region_id smallint,
  p_drafts orders.draft[]
)
  returns api.result[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_ids text[] := '{}';
  v_channels text[] := '{}';
  v_locks bigint[] := '{}';
  v_is_new boolean;
begin
  for i in 1 .. cardinality(p_drafts) loop
    if p_drafts[i].external_id is not null then
      v_ids := v_ids || p_drafts[i].external_id;
      v_channels := v_channels || p_drafts[i].channel_id;
      v_locks := v_locks || hashtextextended(concat_ws(E'\x1f', p_region_id, p_drafts[i].channel_id, p_drafts[i].external_id), 1);
    end if;
  end loop;
  if cardinality(v_ids) = 0 then
    return '{}';
  end if;
  if cardinality(v_ids) <= app.listed_locks_max() then
    if cardinality(v_ids) > 1 then
      v_locks := array(select distinct l from unnest(v_locks) l order by 1);
    end if;
    for i in 1 .. cardinality(v_locks) loop
      perform pg_advisory_xact_lock(v_locks[i]);
    end loop;
  end if;
  -- A separate statement, because it must see what the last holder of a lock committed. It may find a number of another channel.
  v_is_new := not exists (
    select from orders.orders e
     where e.region_id = p_region_id and e.external_id = any (v_ids) and e.channel_id = any (v_channels));
  if v_is_new and cardinality(v_ids) > 1 then
    v_is_new := (select count(distinct l) from unnest(v_locks) l) = cardinality(v_ids);
  end if;
  if v_is_new then
    return '{}';
  end if;
  return array(
    select app.result_of(d.ordinal, orders.refuse_duplicate(p_region_id => p_region_id, p_channel_id => d.channel_id,
             p_external_id => d.external_id, p_order_id => o.order_id))
      from (select c.ordinal, c.channel_id, c.external_id,
                   row_number() over (partition by c.channel_id, c.external_id order by c.ordinal) as nth
              from unnest(p_drafts) c
             where c.external_id is not null) d
      left join lateral (
        select e.order_id
          from orders.orders e
         where e.region_id = p_region_id and e.external_id = d.external_id and e.channel_id = d.channel_id
         limit 1) o on true
     where o.order_id is not null or d.nth > 1);
end
$$;

grant execute on function orders.refuse_duplicates(smallint, orders.draft[]) to scoville_definer;
