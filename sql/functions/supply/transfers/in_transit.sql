-- The units of a transfer that are in transit, by lot, as parts with this outcome.
create or replace function supply.in_transit(
  p_transfer supply.transfers,
  p_outcome text default null
)
  returns supply.part[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    select supply.new_part(p_sku_id => t.sku_id, p_lot_id => t.lot_id, p_batch_number => b.batch_number, p_withheld => t.withheld,
             p_units => t.in_transit::bigint, p_outcome => p_outcome)
      from supply.transfer_lots t
      join stock.lots b on b.region_id = t.region_id and b.lot_id = t.lot_id
     where t.region_id = p_transfer.region_id and t.transfer_id = p_transfer.transfer_id and t.in_transit > 0
     order by t.sku_id, t.lot_id, t.withheld);
end
$$;

grant execute on function supply.in_transit(supply.transfers, text) to scoville_definer;
