-- The first day for which the source of a transfer would have fewer units of a SKU than it promised, if these picks leave; or nothing. It can
-- only happen where a lot is named: what expires first is what the promises need last.
create or replace function supply.stranded_day(
  p_transfer supply.transfers,
  p_picks supply.part[],
  p_sku_id text,
  out fresh_until date,
  out promised bigint
)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  select d.fresh_until, d.promised into fresh_until, promised
    from (select p.fresh_until, sum(p.units) over (order by p.fresh_until desc)::bigint as promised
            from stock.fresh_promises(p_region_id => p_transfer.region_id, p_warehouse_id => p_transfer.from_warehouse_id,
                   p_sku_id => p_sku_id) p) d
   cross join lateral (
     select coalesce(sum(l.units), 0) as units
       from stock.sellable_lots(p_region_id => p_transfer.region_id, p_warehouse_id => p_transfer.from_warehouse_id, p_sku_id => p_sku_id) l
      where l.expires_on >= d.fresh_until) h
   cross join lateral (
     select coalesce(sum(k.units), 0) as units
       from unnest(p_picks) k
       join stock.lots t on t.region_id = p_transfer.region_id and t.lot_id = k.lot_id
      where k.sku_id = p_sku_id and k.withholding_id is null and coalesce(t.expiration_date, 'infinity') >= d.fresh_until) k
   where k.units > 0 and h.units - k.units < d.promised
   order by d.fresh_until
   limit 1;
end
$$;

grant execute on function supply.stranded_day(supply.transfers, supply.part[], text) to scoville_definer;
