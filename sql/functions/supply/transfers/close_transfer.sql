-- Ends a locked transfer: a draft is canceled; of one that was shipped, each unit in transit needs an answer, by the items or (rest) for all
-- that they leave: it is back at the source, or lost. Returns a refusal, or null. p_takes_back: the caller may receive at the source.
create or replace function supply.close_transfer(
  p_transfer supply.transfers,
  p_request jsonb,
  p_takes_back boolean
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_refusal api.refusal := supply.refuse_transfer(p_transfer => p_transfer, p_request => p_request,
    p_statuses => '{draft,ready,in_transit,partially_received}');
  v_in_transit supply.part[] := supply.in_transit(p_transfer);
  v_parts supply.part[];
  v_left supply.part[];
  v_lost bigint;
  v_read record;
begin
  if v_refusal.code is null then
    select r.parts, r.refusal into v_read
      from supply.read_outcomes(p_in_transit => v_in_transit, p_items => coalesce(nullif(p_request -> 'items', 'null'), '[]'),
             p_outcomes => '{taken_back,lost}') r;
    v_parts := v_read.parts;
    v_refusal := v_read.refusal;
  end if;
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  v_left := array(
    select supply.new_part(p_sku_id => t.sku_id, p_lot_id => t.lot_id, p_batch_number => t.batch_number, p_withheld => t.withheld,
             p_units => t.units - a.units, p_outcome => p_request ->> 'rest')
      from unnest(v_in_transit) t
     cross join lateral (
       select coalesce(sum(p.units), 0)::bigint as units from unnest(v_parts) p where p.lot_id = t.lot_id and p.withheld = t.withheld) a
     where t.units > a.units);
  if cardinality(v_left) > 0 and coalesce(p_request ->> 'rest', '') not in ('taken_back', 'lost') then
    return app.refuse(p_code => 'TR004', p_pointer => '/rest', p_facts => jsonb_build_object('available', (select sum(l.units) from unnest(v_left) l)),
      p_detail => format('%s units are still in transit, such as lot %s of %s. Say of each what became of it: taken_back or lost.',
        (select sum(l.units) from unnest(v_left) l), v_left[1].batch_number, v_left[1].sku_id));
  end if;
  v_parts := v_parts || v_left;
  v_lost := (select sum(p.units) from unnest(v_parts) p where p.outcome = 'lost');
  if v_lost > 0 then
    v_refusal := catalog.refuse_reason(p_reason_code => p_request ->> 'reason_code', p_units => -v_lost, p_note => p_request ->> 'note');
    if p_request ->> 'reason_code' is null then
      v_refusal := app.refuse(p_code => 'VA001', p_pointer => '/reason_code', p_detail => 'Say why units are lost: reason_code is missing.');
    end if;
  end if;
  if v_refusal.code is null and not p_takes_back and exists (select from unnest(v_parts) p where p.outcome = 'taken_back') then
    v_refusal := supply.refuse_end(p_transfer.from_warehouse_id, 'take units back');
  end if;
  if v_refusal.code is null then
    perform supply.carry_out(p_transfer => p_transfer, p_parts => v_parts, p_request => p_request, p_type => 'transfer.closed',
      p_status => case when p_transfer.shipped_at is null then 'canceled' end);
  end if;
  return v_refusal;
end
$$;

grant execute on function supply.close_transfer(supply.transfers, jsonb, boolean) to scoville_definer;
