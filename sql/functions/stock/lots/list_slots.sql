-- The lots of a level in the order they are taken from (sellable first, then by expiry), with those that these drafts name
-- and that exist but do not lie there yet.
create or replace function stock.list_slots(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text,
  p_drafts stock.draft[]
)
  returns table (lot_id bigint, batch_number text, on_hand bigint, sellable boolean)
  language sql
  stable
  set search_path = ''
as $$
  select t.lot_id, t.batch_number, coalesce(v.on_hand, 0)::bigint, s.sellable
    from stock.lots t
    left join stock.lot_levels v
      on v.region_id = p_region_id and v.warehouse_id = p_warehouse_id and v.sku_id = p_sku_id and v.lot_id = t.lot_id
   cross join lateral (select case when v.on_hand > 0 then v.sellable
     else stock.lot_status(t.status, t.expiration_date, app.today(p_region_id)) = 'available' end) s (sellable)
   where t.region_id = p_region_id and t.sku_id = p_sku_id
     and (v.lot_id is not null or t.batch_number = any (select d.batch_number from unnest(p_drafts) d))
   order by s.sellable desc, t.expiration_date, t.lot_id;
$$;

grant execute on function stock.list_slots(smallint, text, text, stock.draft[]) to scoville_definer;
