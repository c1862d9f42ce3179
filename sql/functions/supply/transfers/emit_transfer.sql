-- The event of a change of a transfer: its head, and the units that this change moved. p_more: further members. Both ends see it.
create or replace function supply.emit_transfer(
  p_transfer supply.transfers,
  p_parts supply.part[],
  p_request jsonb,
  p_type text,
  p_more jsonb default '{}'
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_id text := supply.transfer_public_id(p_transfer.region_id, p_transfer.transfer_id);
  v_items jsonb := (
    select coalesce(jsonb_agg(jsonb_build_object('sku_id', p.sku_id, 'batch_number', p.batch_number, 'withheld', p.withheld) || p.outcomes
                    order by p.sku_id, p.batch_number, p.withheld), '[]')
      from (select o.sku_id, o.batch_number, o.withheld, jsonb_object_agg(o.outcome, o.units) as outcomes
              from (select u.sku_id, u.batch_number, u.withheld, u.outcome, sum(u.units) as units from unnest(p_parts) u group by 1, 2, 3, 4) o
             group by o.sku_id, o.batch_number, o.withheld) p);
begin
  perform events.emit(p_region_id => p_transfer.region_id, p_type => p_type, p_subject => 'transfers/' || v_id, p_channel_id => null,
    p_warehouse_ids => array[p_transfer.from_warehouse_id, p_transfer.to_warehouse_id], p_version => p_transfer.version,
    p_data => jsonb_build_object('transfer_id', v_id, 'from_warehouse_location', p_transfer.from_warehouse_id,
      'to_warehouse_location', p_transfer.to_warehouse_id, 'status', p_transfer.status, 'reference', p_transfer.reference,
      'expected_on', p_transfer.expected_on, 'items', v_items, 'reason_code', p_request ->> 'reason_code', 'note', p_request ->> 'note',
      'version', p_transfer.version, 'updated_at', app.rfc3339(p_transfer.updated_at)) || p_more,
    p_actor => p_transfer.changed_by, p_request_id => p_transfer.request_id);
end
$$;

grant execute on function supply.emit_transfer(supply.transfers, supply.part[], jsonb, text, jsonb) to scoville_definer;
