-- The refusal of a change of a (locked) lot, or null. Status and dates apply to the whole region. So staff may set a status only
-- while all units are in their own warehouses, and none of a lot without units, which may be on its way to another warehouse. A recall
-- is ended by an admin, and a date that was typed wrongly is corrected by one. A lot can be destroyed only when no unit is left.
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
  v_new stock.lots;
  v_dates boolean;
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
  end if;
  v_new := stock.changed_lot(v_lot, p_draft.element);
  v_dates := (v_new.expiration_date, v_new.manufactured_on) is distinct from (v_lot.expiration_date, v_lot.manufactured_on);
  if v_status is null and not p_draft.element ?| array['expiration_date', 'manufactured_on']
     or v_status not in ('available', 'on_hold', 'quarantined', 'recalled', 'damaged', 'destroyed') then
    return app.refuse(p_code => 'VA001', p_pointer => '/status',
      p_detail => 'The status of a lot is available, on_hold, quarantined, recalled, damaged or destroyed.');
  elsif not (app.reaches_all_warehouses() or coalesce(v_where <@ app.claim_warehouses(), false)) then
    return app.refuse('ST017', 'Some units of this lot are in warehouses that are not yours. Ask an admin: the status applies to '
      'all of them.');
  elsif v_lot.batch_key = stock.unknown_lot_key() and (v_dates or v_new.status not in ('quarantined', 'destroyed')) then
    return app.refuse(p_code => 'RT005', p_pointer => case when v_dates then '' else '/status' end,
      p_detail => 'Nobody can read the lot of these units, and a recall would not find them. They can only be scrapped.');
  elsif v_new.status = v_lot.status and not v_dates then
    return null;
  elsif v_new.status <> v_lot.status and v_dates then
    return app.refuse(p_code => 'VA001', p_pointer => '/status',
      p_detail => 'Change the status and the dates of a lot in two requests: each is an event of its own.');
  elsif app.claim_role() <> 'admin' and (v_dates or v_lot.status = 'recalled' or cardinality(v_where) = 0) then
    return app.refuse(p_code => 'ST019', p_pointer => case when v_dates then '' else '/status' end, p_detail => case
      when v_dates then 'The dates of a lot apply to every warehouse. Ask an admin to correct them.'
      when v_lot.status = 'recalled' then 'This lot is recalled. Ask an admin to end the recall.'
      else 'No unit of this lot is in a warehouse: it may be on its way to another one. Ask an admin to change its status.' end);
  elsif v_dates and p_draft.element ->> 'reason_code' is null then
    return app.refuse(p_code => 'VA001', p_pointer => '/reason_code',
      p_detail => 'A correction of dates needs a reason_code, such as data_entry_error, and a note.');
  elsif v_reason.reason_code is null then
    return app.refuse(p_code => 'ST004', p_pointer => '/reason_code',
      p_detail => format('Reason code %s does not exist.', p_draft.reason_code));
  elsif (v_dates or v_reason.note_required) and coalesce(p_draft.note, '') = '' then
    return app.refuse(p_code => 'ST005', p_pointer => '/note', p_detail => case
      when v_dates then 'A correction of dates requires a note that says what happened.'
      else format('Reason %s requires a note that says what happened.', p_draft.reason_code) end);
  elsif v_new.manufactured_on > v_new.expiration_date then
    return app.refuse(p_code => 'VA001', p_detail => 'A lot must be made before it expires.',
      p_pointer => case when p_draft.element ? 'expiration_date' then '/expiration_date' else '/manufactured_on' end);
  elsif v_dates then
    return null;
  elsif v_status = 'available' and v_reason.direction = 'out' or v_lot.status = 'available' and v_reason.direction = 'in'
        or v_reason.direction = 'pick' then
    return app.refuse(p_code => 'ST006', p_pointer => '/reason_code',
      p_detail => format('Reason %s is only for units that %s.', p_draft.reason_code,
        case v_reason.direction when 'in' then 'come in' when 'out' then 'go out' else 'a picker passes over' end));
  elsif v_status = 'destroyed' and cardinality(v_where) > 0 then
    return app.refuse(p_code => 'ST018', p_pointer => '/status',
      p_detail => format('Units of this lot are on hand in %s. Quarantine it, or take them out with '
        'POST /v1/inventory/adjust (reason scrapped) first.', array_to_string(v_where, ', ')));
  end if;
  return null;
end
$$;

grant execute on function stock.refuse_lot_change(smallint, stock.draft) to scoville_definer;
