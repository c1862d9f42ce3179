-- The refusal of a change of a (locked) lot's status, or null. A status applies to the whole region, so staff may set it only while
-- all units are in their own warehouses. A lot can be destroyed only when no unit is left.
create or replace function stock.refuse_lot_change(
  p_region_id smallint,
  p_draft stock.draft
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_lot stock.lots;
  v_status text := p_draft.element ->> 'status';
  v_reason catalog.reason_codes;
  v_where text[] := array(
    select v.warehouse_id
      from stock.lot_levels v
     where v.region_id = p_region_id and v.lot_id = p_draft.lot_id and v.on_hand > 0
     order by v.warehouse_id);
begin
  select t.* into v_lot from stock.lots t where t.region_id = p_region_id and t.lot_id = p_draft.lot_id;
  select c.* into v_reason from catalog.reason_codes c where c.reason_code = p_draft.reason_code and c.active;
  if v_lot.lot_id is null then
    return app.refuse('ST016', format('Lot %s of %s does not exist. GET /v1/inventory/%s/batches lists the '
      'existing lots.', p_draft.batch_number, p_draft.sku_id, p_draft.sku_id));
  elsif p_draft.if_match <> '*' and p_draft.if_match <> v_lot.version::text then
    return app.refuse('ST009', 'This lot changed since you read it. Read it again and decide again.');
  elsif v_status is null or v_status not in ('available', 'on_hold', 'quarantined', 'recalled', 'damaged', 'destroyed') then
    return app.refuse(p_code => 'VA001', p_pointer => '/status',
      p_detail => 'The status of a lot is available, on_hold, quarantined, recalled, damaged or destroyed.');
  elsif not (app.reaches_all_warehouses() or coalesce(v_where <@ app.claim_warehouses(), false)) then
    return app.refuse('ST017', 'Some units of this lot are in warehouses that are not yours. Ask an admin: the status applies to '
      'all of them.');
  elsif v_status = v_lot.status then
    return null;
  elsif v_reason.reason_code is null then
    return app.refuse(p_code => 'ST004', p_pointer => '/reason_code',
      p_detail => format('Reason code %s does not exist.', p_draft.reason_code));
  elsif v_reason.note_required and coalesce(p_draft.note, '') = '' then
    return app.refuse(p_code => 'ST005', p_pointer => '/note',
      p_detail => format('Reason %s requires a note that says what happened.', p_draft.reason_code));
  elsif v_status = 'available' and v_reason.direction = 'out' or v_lot.status = 'available' and v_reason.direction = 'in' then
    return app.refuse(p_code => 'ST006', p_pointer => '/reason_code',
      p_detail => format('Reason %s is only for units that %s.', p_draft.reason_code,
        case v_reason.direction when 'in' then 'come in' else 'go out' end));
  elsif v_status = 'destroyed' and cardinality(v_where) > 0 then
    return app.refuse(p_code => 'ST018', p_pointer => '/status',
      p_detail => format('Units of this lot are on hand in %s. Quarantine it, or take them out with '
        'POST /v1/inventory/adjust (reason scrapped) first.', array_to_string(v_where, ', ')));
  end if;
  return null;
end
$$;

grant execute on function stock.refuse_lot_change(smallint, stock.draft) to scoville_definer;
