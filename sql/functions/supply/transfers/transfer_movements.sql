-- The movements of these parts. Units that left the source are incoming at the destination until they arrive, are taken back or lost. Damaged ones,
-- and those that were withheld at the source, arrive withheld: each part opens a withholding of its own.
create or replace function supply.transfer_movements(
  p_transfer supply.transfers,
  p_parts supply.part[],
  p_request jsonb
)
  returns stock.movement[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_document text := supply.transfer_public_id(p_transfer.region_id, p_transfer.transfer_id);
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
begin
  return array(
    select stock.new_movement(p_warehouse_id => m.warehouse_id, p_sku_id => p.sku_id, p_kind => m.kind,
             p_delta => stock.new_counters(p_on_hand => m.on_hand, p_incoming => m.incoming), p_lot_id => p.lot_id,
             p_reason_code => case when p.outcome = 'damaged' then 'damaged' when p.outcome = 'lost' then p_request ->> 'reason_code' end,
             p_note => p_request ->> 'note', p_document => v_document, p_actor => v_actor, p_request_id => v_request_id,
             p_withheld => case when w.cause is not null then m.on_hand when p.withholding_id is not null and m.on_hand < 0 then m.on_hand end,
             p_withholding_id => case when w.cause is not null then nextval('stock.withholdings_withholding_id_seq')
                                      when m.on_hand < 0 then p.withholding_id end,
             p_cause => w.cause)
      from unnest(p_parts) with ordinality p
     cross join lateral (values
       ('shipped', p_transfer.from_warehouse_id, 'transfer_out', -p.units, 0),
       ('shipped', p_transfer.to_warehouse_id, 'expect', 0, p.units),
       ('received', p_transfer.to_warehouse_id, 'transfer_in', p.units, -p.units),
       ('damaged', p_transfer.to_warehouse_id, 'transfer_in', p.units, -p.units),
       ('taken_back', p_transfer.from_warehouse_id, 'transfer_in', p.units, 0),
       ('taken_back', p_transfer.to_warehouse_id, 'expect', 0, -p.units),
       ('lost', p_transfer.to_warehouse_id, 'expect', 0, -p.units)) m (outcome, warehouse_id, kind, on_hand, incoming)
     cross join lateral (select case when m.on_hand <= 0 then null when p.outcome = 'damaged' then 'damaged'
                                     when p.withheld then 'transfer' end) w (cause)
     where m.outcome = p.outcome
     order by p.ordinality, m.on_hand);
end
$$;

grant execute on function supply.transfer_movements(supply.transfers, supply.part[], jsonb) to scoville_definer;
