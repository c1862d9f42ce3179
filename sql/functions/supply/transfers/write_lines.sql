-- Replaces the lines of a draft. The audit keeps both lists: lines have no history of their own.
create or replace function supply.write_lines(
  p_transfer supply.transfers,
  p_parts supply.part[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old jsonb;
  v_new jsonb;
begin
  with gone as (
    delete from supply.transfer_lines l
     where l.region_id = p_transfer.region_id and l.transfer_id = p_transfer.transfer_id
    returning l.line_no, l.sku_id, l.lot_id, l.withheld, l.quantity
  )
  select jsonb_agg(to_jsonb(g) - 'line_no' order by g.line_no) into v_old from gone g;
  with added as (
    insert into supply.transfer_lines
      (region_id, transfer_id, line_no, from_warehouse_id, to_warehouse_id, sku_id, lot_id, withheld, quantity)
    select p_transfer.region_id, p_transfer.transfer_id, p.item, p_transfer.from_warehouse_id, p_transfer.to_warehouse_id, p.sku_id, p.lot_id,
           coalesce(p.withheld, false), p.units
      from unnest(p_parts) p
     order by p.item
    returning line_no, sku_id, lot_id, withheld, quantity
  )
  select jsonb_agg(to_jsonb(a) - 'line_no' order by a.line_no) into v_new from added a;
  perform audit.record(p_action => case when v_old is null then 'insert' else 'update' end, p_table_name => 'supply.transfer_lines',
    p_row_key => p_transfer.transfer_id::text, p_old => case when v_old is not null then jsonb_build_object('items', v_old) end,
    p_new => jsonb_build_object('items', v_new), p_reason => p_transfer.change_reason, p_actor => p_transfer.changed_by,
    p_request_id => p_transfer.request_id, p_region_id => p_transfer.region_id);
end
$$;

grant execute on function supply.write_lines(supply.transfers, supply.part[]) to scoville_definer;
