-- How many units more a level can promise to be sold until p_fresh_until (stock.fresh_rooms). Below 0: it promises too many already.
-- Exactly the day is good. A lot without a day never expires.
create or replace function stock.fresh_room(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text,
  p_fresh_until date,
  p_decided stock.allocation[] default '{}',
  p_except bigint[] default '{}'
)
  returns bigint
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return (
    with promises as (
      select p.fresh_until, p.units
        from stock.fresh_promises(p_region_id => p_region_id, p_warehouse_id => p_warehouse_id, p_sku_id => p_sku_id,
               p_except => p_except) p
       union all
      select (d.freshness ->> 'fresh_until')::date, d.quantity
        from unnest(p_decided) d
       where d.warehouse_id = p_warehouse_id and d.sku_id = p_sku_id and d.freshness is not null
    ), lots as (
      select l.expires_on, l.units
        from stock.sellable_lots(p_region_id => p_region_id, p_warehouse_id => p_warehouse_id, p_sku_id => p_sku_id) l
    )
    select min((select coalesce(sum(l.units), 0) from lots l where l.expires_on >= t.day)
             - (select coalesce(sum(p.units), 0) from promises p where p.fresh_until >= t.day))
      from (select p_fresh_until as day
             union
            select p.fresh_until from promises p where p.fresh_until < p_fresh_until) t);
end
$$;

grant execute on function stock.fresh_room(smallint, text, text, date, stock.allocation[], bigint[]) to scoville_definer;
