-- The lots from which these parts are taken, all or nothing: the named ones, or first expired, first out. A lot whose last day has
-- passed is not sellable, swept or not; one that expires before the order's promise is none for it. A named lot passes over those that
-- expire earlier and keep sellable units.
-- Lock order: lot_levels in key order; the caller has locked their levels.
create or replace function orders.pick_lots(
  p_region_id smallint,
  p_parts orders.part[],
  out picks orders.pick[],
  out refusal api.refusal
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_found record;
begin
  with parts as (
    select p.*, w.scan_required from unnest(p_parts) p join catalog.warehouses w on w.warehouse_id = p.warehouse_id
  ), levels as (
    select array_agg(k.warehouse_id) as warehouse_ids, array_agg(k.sku_id) as sku_ids
      from (select distinct p.warehouse_id, p.sku_id from parts p) k
  ), here as (
    select l.*, coalesce(l.expiration_date, 'infinity') as expires_on
      from levels v
     cross join lateral stock.lock_lot_levels(p_region_id => p_region_id, p_warehouse_ids => v.warehouse_ids,
                          p_sku_ids => v.sku_ids) l
  ), lots as (
    select l.*, sum(l.units) over (partition by l.warehouse_id, l.sku_id order by l.expires_on, l.lot_id) - l.units as before
      from here l
     where l.sellable and l.status = 'available' and l.units > 0 and l.expires_on >= coalesce((
       select max(p.fresh_until) from parts p where p.warehouse_id = l.warehouse_id and p.sku_id = l.sku_id), '-infinity')
  ), taken as (
    select p.item, p.warehouse_id, p.sku_id, l.lot_id, p.lot_id is null as assumed, p.reason_code,
           least(l.units, p.units - case when p.lot_id is null then l.before else 0 end)::integer as units,
           case when p.lot_id is not null then nullif(array(
             select e.batch_number::text
               from lots e
               left join parts q on q.warehouse_id = e.warehouse_id and q.sku_id = e.sku_id and q.lot_id = e.lot_id
              where e.warehouse_id = l.warehouse_id and e.sku_id = l.sku_id and e.expires_on < l.expires_on
                and e.units > coalesce(q.units, 0)
              order by e.expires_on, e.lot_id), '{}') end as passed_over
      from parts p
      join lots l on l.warehouse_id = p.warehouse_id and l.sku_id = p.sku_id
       and (l.lot_id = p.lot_id or p.lot_id is null and l.before < p.units)
  )
  select array(select orders.new_pick(p_item => t.item, p_warehouse_id => t.warehouse_id, p_sku_id => t.sku_id, p_lot_id => t.lot_id,
                 p_units => t.units, p_assumed => t.assumed, p_passed_over => t.passed_over,
                 p_reason_code => case when t.passed_over is not null then t.reason_code end)
                 from taken t order by t.warehouse_id, t.sku_id, t.lot_id) as picks,
         (select jsonb_agg(orders.short_part(p_part => s.part, p_available => s.available, p_lots => case when (s.part).lot_id is not null
                   then (select jsonb_agg(jsonb_build_object('batch_number', h.batch_number, 'status', h.status, 'stock', h.units)
                                          order by h.expires_on, h.lot_id)
                           from here h where h.warehouse_id = (s.part).warehouse_id and h.sku_id = (s.part).sku_id) end)
                   order by (s.part).item, (s.part).sku_id, (s.part).warehouse_id)
            from (select p as part, coalesce((
                    select sum(t.units) from taken t
                     where t.warehouse_id = p.warehouse_id and t.sku_id = p.sku_id and (p.lot_id is null or t.lot_id = p.lot_id)), 0) as available
                    from unnest(p_parts) p) s
           where s.available < (s.part).units) as short,
         (select p from unnest(p_parts) p where p.lot_id is null
             and exists (select from parts w where w.warehouse_id = p.warehouse_id and w.scan_required) order by p.item limit 1) as unscanned
    into v_found;
  picks := v_found.picks;
  refusal := orders.refuse_unfresh(p_region_id => p_region_id, p_parts => p_parts, p_picks => picks);
  if refusal.code is null then
    refusal := orders.refuse_picks(p_picks => picks, p_short => v_found.short, p_unscanned => v_found.unscanned);
  end if;
end
$$;

grant execute on function orders.pick_lots(smallint, orders.part[]) to scoville_definer;
