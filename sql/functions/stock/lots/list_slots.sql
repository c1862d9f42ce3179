-- The lots of a level in the order in which units are taken from them (sellable first, then by expiry), and the existing lots that
-- these drafts name but that have no units at the level yet.
create or replace function stock.list_slots(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text,
  p_drafts stock.draft[]
)
  returns stock.slot[]
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(array_agg(
           stock.new_slot(p_lot_id => t.lot_id, p_batch_number => t.batch_number, p_on_hand => coalesce(v.on_hand, 0)::bigint,
             p_sellable => s.sellable, p_status => c.status, p_is_past => coalesce(t.expiration_date < d.today, false),
             p_withheld => coalesce(v.withheld, 0)::bigint)
           order by s.sellable desc, t.expiration_date, t.lot_id), '{}')
    from stock.lots t
    left join stock.lot_levels v
      on v.region_id = p_region_id and v.warehouse_id = p_warehouse_id and v.sku_id = p_sku_id and v.lot_id = t.lot_id
   cross join (
     select timezone(z.time_zone, app.now())::date as today from catalog.zones() z where z.warehouse_id = p_warehouse_id) d
   cross join lateral (
     select stock.lot_status(p_status => t.status, p_expiration_date => t.expiration_date, p_today => d.today) as status) c
   cross join lateral (select case when v.on_hand > 0 then v.sellable else c.status = 'available' end as sellable) s
   where t.region_id = p_region_id and t.sku_id = p_sku_id
     and (v.lot_id is not null or t.batch_number = any (select d.batch_number from unnest(p_drafts) d));
$$;

grant execute on function stock.list_slots(smallint, text, text, stock.draft[]) to scoville_definer;
