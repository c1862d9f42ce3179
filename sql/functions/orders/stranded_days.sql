-- The first day for which the level of a part would have fewer units than it promised, because these picks take the lot that the part names.
create or replace function orders.stranded_days(
  p_region_id smallint,
  p_parts orders.part[],
  p_picks orders.pick[],
  p_part orders.part
)
  returns table (fresh_until date, promised bigint)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    with promises as (
      select p.fresh_until, p.units
        from stock.fresh_promises(p_region_id => p_region_id, p_warehouse_id => p_part.warehouse_id, p_sku_id => p_part.sku_id) p
    ), lots as (
      select l.expires_on, l.units
        from stock.sellable_lots(p_region_id => p_region_id, p_warehouse_id => p_part.warehouse_id, p_sku_id => p_part.sku_id) l
    ), days as (
      select d.fresh_until,
             (select sum(p.units) from promises p where p.fresh_until >= d.fresh_until)::bigint as promised,
             (select coalesce(sum(l.units), 0) from lots l where l.expires_on >= d.fresh_until) as there,
             (select coalesce(sum(k.units), 0)
                from unnest(p_picks) k
                join stock.lots t on t.region_id = p_region_id and t.lot_id = k.lot_id
               where k.warehouse_id = p_part.warehouse_id and k.sku_id = p_part.sku_id
                 and coalesce(t.expiration_date, 'infinity') >= d.fresh_until) as taken,
             (select coalesce(sum(q.units), 0) from unnest(p_parts) q
               where q.warehouse_id = p_part.warehouse_id and q.sku_id = p_part.sku_id and q.fresh_until >= d.fresh_until) as own
        from promises d
    )
    select d.fresh_until, d.promised from days d
     where d.taken > d.own and d.there - d.taken < d.promised - d.own
     order by d.fresh_until
     limit 1;
end
$$;

grant execute on function orders.stranded_days(smallint, orders.part[], orders.pick[], orders.part) to scoville_definer;
