-- Receives units of a locked transfer, all or nothing: those that the items name, or (without items) everything that is in transit, in good
-- condition. Returns a refusal, or null. Whether SKU and warehouse are still active does not matter: the units are there.
create or replace function supply.receive_transfer(
  p_transfer supply.transfers,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_refusal api.refusal := supply.refuse_transfer(p_transfer => p_transfer, p_request => p_request,
    p_statuses => '{in_transit,partially_received}');
  v_parts supply.part[] := supply.in_transit(p_transfer, 'received');
  v_read record;
begin
  if v_refusal.code is null and p_request ->> 'items' is not null then
    select r.parts, r.refusal into v_read
      from supply.read_outcomes(p_in_transit => v_parts, p_items => p_request -> 'items', p_outcomes => '{received,damaged}') r;
    v_parts := v_read.parts;
    v_refusal := v_read.refusal;
    if v_refusal.code is null and cardinality(v_parts) = 0 then
      v_refusal := app.refuse(p_code => 'VA001', p_pointer => '/items', p_detail => 'Name the units that arrived.');
    end if;
  end if;
  if v_refusal.code is null then
    perform supply.carry_out(p_transfer => p_transfer, p_parts => v_parts, p_request => p_request, p_type => 'transfer.received');
  end if;
  return v_refusal;
end
$$;

grant execute on function supply.receive_transfer(supply.transfers, jsonb) to scoville_definer;
