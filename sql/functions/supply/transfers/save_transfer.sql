-- Creates a draft, or changes the transfer that the request names (p_transfer_id, locked). Absent members stay as they are; items are replaced as a
-- whole. Of units in transit only the day, the reference and the note change. The ends of a transfer do not change: that would be another transfer.
create or replace function supply.save_transfer(
  p_region_id smallint,
  p_transfer_id bigint,
  p_request jsonb,
  out transfer_id bigint,
  out refusal api.refusal
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_is_new boolean := not p_request ? 'transfer_id';
  v_transfer supply.transfers;
  v_parts supply.part[];
  v_old jsonb;
begin
  select f.* into v_transfer from supply.transfers f where f.region_id = p_region_id and f.transfer_id = p_transfer_id;
  refusal := case when v_is_new then supply.refuse_ends(p_region_id, p_request)
                  else supply.refuse_transfer(p_transfer => v_transfer, p_request => p_request, p_statuses => case
                    when coalesce(p_request ->> 'items', p_request ->> 'status') is not null then '{draft,ready}'
                    else '{draft,ready,in_transit,partially_received}' end::text[]) end;
  if refusal.code is null and p_request ->> 'status' not in ('draft', 'ready') then
    refusal := app.refuse(p_code => 'VA001', p_pointer => '/status', p_detail => 'status can be set to draft or ready; close cancels a draft.');
  end if;
  if refusal.code is null and (v_is_new or p_request ->> 'items' is not null) then
    v_parts := supply.read_items(p_region_id, coalesce(nullif(p_request -> 'items', 'null'), '[]'));
    refusal := supply.refuse_parts(v_parts);
  end if;
  if refusal.code is not null then
    return;
  end if;
  if v_is_new then
    insert into supply.transfers as f
      (region_id, from_warehouse_id, to_warehouse_id, reference, note, expected_on, created_at, updated_at, changed_by, change_reason, request_id)
    values (p_region_id, p_request ->> 'from_warehouse_location', p_request ->> 'to_warehouse_location', p_request ->> 'reference',
            p_request ->> 'note', (p_request ->> 'expected_on')::date, v_now, v_now, v_actor, 'drafted', v_request_id)
    returning f.* into v_transfer;
  else
    v_old := jsonb_build_object('expected_on', v_transfer.expected_on, 'reference', v_transfer.reference, 'note', v_transfer.note);
    update supply.transfers f
       set status = coalesce(p_request ->> 'status', f.status),
           reference = case when p_request ? 'reference' then p_request ->> 'reference' else f.reference end,
           note = case when p_request ? 'note' then p_request ->> 'note' else f.note end,
           expected_on = case when p_request ? 'expected_on' then (p_request ->> 'expected_on')::date else f.expected_on end,
           version = f.version + 1, updated_at = v_now, changed_by = v_actor, change_reason = 'changed', request_id = v_request_id
     where f.region_id = p_region_id and f.transfer_id = p_transfer_id
    returning f.* into v_transfer;
  end if;
  if v_parts is not null then
    perform supply.write_lines(v_transfer, v_parts);
  end if;
  if v_transfer.shipped_at is not null then
    perform supply.emit_transfer(p_transfer => v_transfer, p_parts => '{}', p_request => jsonb_build_object('note', v_transfer.note),
      p_type => 'transfer.changed', p_more => jsonb_build_object('old', v_old));
  end if;
  transfer_id := v_transfer.transfer_id;
end
$$;

grant execute on function supply.save_transfer(smallint, bigint, jsonb) to scoville_definer;
