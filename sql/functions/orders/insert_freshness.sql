-- Freezes what these new orders promise about the units that they get or wait for.
create or replace function orders.insert_freshness(
  p_region_id smallint,
  p_drafts orders.draft[],
  p_allocations stock.allocation[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  insert into orders.freshness (region_id, order_id, sku_id, channel_id, fresh_until, rule)
  select distinct p_region_id, d.order_id, a.sku_id, d.channel_id, (a.freshness ->> 'fresh_until')::date, a.freshness ->> 'rule'
    from unnest(p_drafts) d
    join unnest(p_allocations) a on a.ordinal = d.ordinal and a.freshness is not null
  on conflict do nothing;
end
$$;

grant execute on function orders.insert_freshness(smallint, orders.draft[], stock.allocation[]) to scoville_definer;
