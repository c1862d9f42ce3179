-- Refuses drafts whose external_id the channel has used already, in the table or earlier in this batch. The ids are locked
-- (advisory, in order) before they are looked up, so two transactions cannot both find one free.
create or replace function orders.refuse_duplicates(
  p_region_id smallint,
  p_drafts orders.draft[]
)
  returns orders.draft[]
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  if not exists (select from unnest(p_drafts) d where d.external_id is not null and d.code is null) then
    return p_drafts;
  end if;
  perform pg_advisory_xact_lock(h.key)
     from (select distinct hashtextextended(
                    concat_ws(E'\x1f', p_region_id, d.channel_id, d.external_id), 1) as key
             from unnest(p_drafts) d
            where d.external_id is not null and d.code is null
            order by 1) h;
  return array(
    select row(d.ordinal, coalesce(d.code, f.code), coalesce(d.body, case when f.code is not null
               then orders.refusal_of_duplicate(p_region_id, d.channel_id, d.external_id, o.order_id) end),
               d.channel_id, d.external_id, d.customer_name, d.customer_email, d.customer_address, d.note, d.placed_at,
               d.currency, d.total_price, d.lines, d.actor, d.request_id, d.order_id, d.warehouse_ids,
               d.reservation_id)::orders.draft
      from (select c.*, row_number() over (partition by c.channel_id, c.external_id, c.code is null order by c.ordinal) as nth
              from unnest(p_drafts) c) d
      left join lateral (
        select e.order_id
          from orders.orders e
         where e.region_id = p_region_id and e.external_id = d.external_id and e.channel_id = d.channel_id
         limit 1) o on true
     cross join lateral (select case when d.code is null and d.external_id is not null
                                      and (o.order_id is not null or d.nth > 1) then 'OR005' end) f (code)
     order by d.ordinal);
end
$$;

grant execute on function orders.refuse_duplicates(smallint, orders.draft[]) to scoville_definer;
