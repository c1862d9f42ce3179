-- Carries out what became of these units: the lots of the transfer, its new status, the movements and the event. p_status null: what the
-- units in transit say (partially_received, or received once there are none).
-- Lock order: the caller has locked the levels and the transfer.
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
    update supply.transfer_lots t
       set received = t.received + n.received, damaged = t.damaged + n.damaged, lost = t.lost + n.lost, taken_back = t.taken_back + n.taken_back
      -- The transfer comes with each lot: as a constant, it would make the planner read all its lots for each of them.
      from (select p_transfer.transfer_id, p.lot_id, p.withheld,
                   coalesce(sum(p.units) filter (where p.outcome = 'received'), 0) as received,
                   coalesce(sum(p.units) filter (where p.outcome = 'damaged'), 0) as damaged,
                   coalesce(sum(p.units) filter (where p.outcome = 'lost'), 0) as lost,
                   coalesce(sum(p.units) filter (where p.outcome = 'taken_back'), 0) as taken_back
              from unnest(p_parts) p
             group by p.lot_id, p.withheld) n
     where t.region_id = p_transfer.region_id and t.transfer_id = n.transfer_id and t.lot_id = n.lot_id and t.withheld = n.withheld;
    get diagnostics v_written = row_count;
  end if;
  if v_written <> (select count(distinct (p.lot_id, p.withheld)) from unnest(p_parts) p) then
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
  perform supply.emit_transfer(p_transfer => p_transfer, p_parts => p_parts, p_request => p_request, p_type => p_type);
end
$$;

grant execute on function supply.carry_out(supply.transfers, supply.part[], jsonb, text, text) to scoville_definer;
