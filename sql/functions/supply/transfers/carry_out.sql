-- Carries out what became of these units: the lots of the transfer, its new status, the movements and the event. p_status null: what the
-- units in transit say (partially_received, or received once there are none).
-- Lock order: the caller has locked the levels and the transfer; then the returns whose units leave (orders.settle_returns).
create or replace function supply.carry_out(
  p_transfer supply.transfers,
  p_parts supply.part[],
  p_request jsonb,
  p_type text,
  p_status text default null
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_status text := p_status;
  v_written integer;
  v_part record;
begin
  if p_type = 'transfer.shipped' then
    insert into supply.transfer_lots (region_id, transfer_id, lot_id, withheld, from_warehouse_id, to_warehouse_id, sku_id, shipped)
    select p_transfer.region_id, p_transfer.transfer_id, p.lot_id, p.withheld, p_transfer.from_warehouse_id, p_transfer.to_warehouse_id,
           p.sku_id, sum(p.units)
      from unnest(p_parts) p
     group by p.lot_id, p.withheld, p.sku_id
     order by p.lot_id, p.withheld;
    get diagnostics v_written = row_count;
  else
    v_written := 0;
    -- One lookup by key for each lot: joined with an array, the planner would read all lots of the transfer for each of them.
    for v_part in select u.lot_id, u.withheld, u.outcome, sum(u.units) as units from unnest(p_parts) u group by 1, 2, 3 loop
      update supply.transfer_lots t
         set received = t.received + case v_part.outcome when 'received' then v_part.units else 0 end,
             damaged = t.damaged + case v_part.outcome when 'damaged' then v_part.units else 0 end,
             lost = t.lost + case v_part.outcome when 'lost' then v_part.units else 0 end,
             taken_back = t.taken_back + case v_part.outcome when 'taken_back' then v_part.units else 0 end
       where t.region_id = p_transfer.region_id and t.transfer_id = p_transfer.transfer_id and t.lot_id = v_part.lot_id
         and t.withheld = v_part.withheld;
      v_written := v_written + found::integer;
    end loop;
  end if;
  if v_written <> (select count(distinct (p.lot_id, p.withheld, p.outcome)) from unnest(p_parts) p) then
    raise exception using errcode = 'internal_error', message = 'units of a transfer without their lot';
  end if;
  if v_status is null then
    select case when bool_or(t.in_transit > 0) then 'partially_received' when bool_or(t.received + t.damaged > 0) then 'received'
                else 'canceled' end
      into v_status
      from supply.transfer_lots t
     where t.region_id = p_transfer.region_id and t.transfer_id = p_transfer.transfer_id;
  end if;
  update supply.transfers f
     set status = v_status, shipped_at = case when p_type = 'transfer.shipped' then v_now else f.shipped_at end,
         ended_at = case when v_status in ('received', 'canceled') then v_now end, version = f.version + 1, updated_at = v_now,
         changed_by = coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject()),
         change_reason = concat_ws(': ', split_part(p_type, '.', 2), p_request ->> 'reason_code', p_request ->> 'note'),
         request_id = coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id())
   where f.region_id = p_transfer.region_id and f.transfer_id = p_transfer.transfer_id
  returning f.* into p_transfer;
  if cardinality(p_parts) > 0 then
    perform stock.post_movements(p_transfer.region_id, supply.transfer_movements(p_transfer => p_transfer, p_parts => p_parts,
      p_request => p_request));
  end if;
  if p_type = 'transfer.shipped' then
    perform orders.settle_returns(p_region_id => p_transfer.region_id, p_return_ids => array(
        select c.return_id from orders.return_receipts c
         where c.region_id = p_transfer.region_id and c.withholding_id = any (array(select p.withholding_id from unnest(p_parts) p))),
      p_actor => p_transfer.changed_by, p_request_id => p_transfer.request_id);
  end if;
  perform supply.emit_transfer(p_transfer => p_transfer, p_parts => p_parts, p_request => p_request, p_type => p_type);
end
$$;

grant execute on function supply.carry_out(supply.transfers, supply.part[], jsonb, text, text) to scoville_definer;
