-- The units of a level by the last day on which they can be sold (infinity: they never expire), on the day that it is there, swept or not.
create or replace function stock.sellable_lots(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text
)
  returns table (expires_on date, units bigint)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select coalesce(t.expiration_date, 'infinity'), sum(v.unwithheld)::bigint
      from stock.lot_levels v
      join stock.lots t on t.region_id = p_region_id and t.lot_id = v.lot_id
      join catalog.zones() z on z.warehouse_id = v.warehouse_id
     where v.region_id = p_region_id and v.warehouse_id = p_warehouse_id and v.sku_id = p_sku_id and v.unwithheld > 0 and v.sellable
       and stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date,
             p_today => timezone(z.time_zone, app.now())::date) = 'available'
     group by 1;
end
$$;

grant execute on function stock.sellable_lots(smallint, text, text) to scoville_definer;
