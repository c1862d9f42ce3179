-- Ships a locked transfer, all or nothing. The items of the request say what leaves; without them the lines leave as they were drafted. A SKU
-- may leave with fewer units than drafted, never with more. Returns a refusal, or null.
create or replace function supply.ship_transfer(
  p_transfer supply.transfers,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_refusal api.refusal := supply.refuse_transfer(p_transfer => p_transfer, p_request => p_request, p_statuses => '{draft,ready}');
  v_lines supply.part[];
  v_parts supply.part[];
  v_picks supply.part[];
begin
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  v_lines := array(
    select supply.new_part(p_item => l.line_no, p_sku_id => l.sku_id, p_lot_id => l.lot_id, p_batch_number => t.batch_number,
             p_withheld => l.withheld, p_units => l.quantity)
      from supply.transfer_lines l
      left join stock.lots t on t.region_id = l.region_id and t.lot_id = l.lot_id
     where l.region_id = p_transfer.region_id and l.transfer_id = p_transfer.transfer_id
     order by l.line_no);
  v_parts := v_lines;
  if p_request ->> 'items' is not null then
    v_parts := supply.read_items(p_transfer.region_id, p_request -> 'items');
    v_refusal := supply.refuse_parts(v_parts);
    if v_refusal.code is null then
      v_refusal := supply.refuse_undrafted(v_lines, v_parts);
    end if;
  end if;
  if v_refusal.code is null and not exists (
    select from catalog.warehouses w where w.warehouse_id = p_transfer.to_warehouse_id and w.active) then
    v_refusal := app.refuse('ST003', format('Warehouse %s is retired and receives nothing.', p_transfer.to_warehouse_id));
  end if;
  if v_refusal.code is null then
    v_picks := supply.pick_units(p_transfer, v_parts);
    v_refusal := supply.refuse_picks(p_transfer => p_transfer, p_parts => v_parts, p_picks => v_picks);
  end if;
  if v_refusal.code is null then
    perform supply.carry_out(p_transfer => p_transfer, p_parts => v_picks, p_request => p_request, p_type => 'transfer.shipped',
      p_status => 'in_transit');
  end if;
  return v_refusal;
end
$$;

grant execute on function supply.ship_transfer(supply.transfers, jsonb) to scoville_definer;
