-- The refusal of a reason for a change of stock by this many units (signed), or null: it must exist and be active, fit the direction, and have
-- a note if it requires one.
create or replace function catalog.refuse_reason(
  p_reason_code text,
  p_units bigint,
  p_note text
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_reason catalog.reason_codes;
begin
  select c.* into v_reason from catalog.reason_codes c where c.reason_code = p_reason_code and c.active;
  if v_reason.reason_code is null then
    return app.refuse(p_code => 'ST004', p_detail => format('Reason code %s does not exist.', p_reason_code),
      p_pointer => '/reason_code', p_facts => jsonb_build_object('allowed', (
        select jsonb_agg(a.reason_code order by a.reason_code) from catalog.reason_codes a where a.active)));
  elsif v_reason.direction = 'in' and p_units < 0 or v_reason.direction = 'out' and p_units > 0 or v_reason.direction = 'pick' then
    return app.refuse(p_code => 'ST006', p_pointer => '/reason_code', p_detail => format(
      'Reason %s is only for units that %s.', p_reason_code,
      case v_reason.direction when 'in' then 'come in' when 'out' then 'go out' else 'a picker passes over' end));
  elsif v_reason.note_required and coalesce(p_note, '') = '' then
    return app.refuse(p_code => 'ST005', p_pointer => '/note', p_detail => format(
      'Reason %s requires a note that says what happened.', p_reason_code));
  end if;
  return null;
end
$$;

grant execute on function catalog.refuse_reason(text, bigint, text) to scoville_definer;
