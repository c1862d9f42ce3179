-- The refusals of drafts whose external_id the channel has already used, in the table or earlier in this batch. The external_ids are
-- locked (advisory, in order) before the lookup, so two transactions cannot both find the same one free.
-- More than a few are not locked, because all locks of the server share one table. If another transaction then uses one of them at
-- the same moment, the constraint of orders.orders refuses the whole call, and its repeat finds the other order.
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
  v_given integer := (select count(d.external_id) from unnest(p_drafts) d);
begin
  if v_given = 0 then
    return '{}';
  end if;
  if v_given <= app.listed_locks_max() then
    perform pg_advisory_xact_lock(h.key)
       from (select distinct hashtextextended(
                      concat_ws(E'\x1f', p_region_id, d.channel_id, d.external_id), 1) as key
               from unnest(p_drafts) d
              where d.external_id is not null
              order by 1) h;
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
