-- The units that leave for these parts, by lot: of the lots that they name, and of the others first expired, first out. Units that can be
-- sold, or (withheld) those that cannot: the withheld ones, oldest withholding first, then those of a lot that cannot be sold. A part that finds
-- too few gets what there is; supply.refuse_picks says so.
-- Lock order: lot_levels in key order; the caller has locked their levels, and so the withholdings.
create or replace function supply.pick_units(
  p_transfer supply.transfers,
  p_parts supply.part[]
)
  returns supply.part[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_region_id smallint := p_transfer.region_id;
  v_skus text[] := array(select distinct p.sku_id from unnest(p_parts) p);
begin
  return array(
    with here as materialized (
      select l.sku_id, l.lot_id, l.batch_number, l.units, coalesce(l.expiration_date, 'infinity') as expires_on,
             l.sellable and l.status = 'available' as sells
        from stock.lock_lot_levels(p_region_id => v_region_id, p_sku_ids => v_skus,
               p_warehouse_ids => array_fill(p_transfer.from_warehouse_id, array[cardinality(v_skus)])) l
    ), slots as (
      select h.sku_id, h.lot_id, h.batch_number, h.expires_on, not h.sells as withheld, null::bigint as withholding_id, h.units::bigint
        from here h
       where h.units > 0
       union all
      select h.sku_id, h.lot_id, h.batch_number, h.expires_on, true, w.withholding_id, w.open_quantity
        from here h
        join stock.withholdings w
          on w.region_id = v_region_id and w.warehouse_id = p_transfer.from_warehouse_id and w.sku_id = h.sku_id and w.lot_id = h.lot_id
         and w.open_quantity > 0
    ), named as (
      select s.*, n.item as named_item, greatest(0, least(s.units, coalesce(n.units, 0) - (
               sum(s.units) over (partition by s.lot_id, s.withheld order by s.withholding_id) - s.units))) as named_units
        from slots s
        left join unnest(p_parts) n on n.lot_id = s.lot_id and coalesce(n.withheld, false) = s.withheld
    ), taken as (
      select n.*, a.item as any_item, greatest(0, least(n.units - n.named_units, coalesce(a.units, 0) - (
               sum(n.units - n.named_units) over (partition by n.sku_id, n.withheld order by n.expires_on, n.lot_id, n.withholding_id)
               - (n.units - n.named_units)))) as any_units
        from named n
        left join unnest(p_parts) a on a.sku_id = n.sku_id and a.lot_id is null and coalesce(a.withheld, false) = n.withheld
    )
    select supply.new_part(p_item => u.item, p_sku_id => t.sku_id, p_lot_id => t.lot_id, p_batch_number => t.batch_number,
             p_withheld => t.withheld and t.withholding_id is not null, p_withholding_id => t.withholding_id, p_units => u.units::bigint,
             p_outcome => 'shipped')
      from taken t
     cross join lateral (values (t.named_item, t.named_units), (t.any_item, t.any_units)) u (item, units)
     where u.units > 0
     order by t.sku_id, t.expires_on, t.lot_id, t.withholding_id, u.item);
end
$$;

grant execute on function supply.pick_units(supply.transfers, supply.part[]) to scoville_definer;
