-- A reason code as JSON.
create or replace function catalog.reason_code_document(
  p_reason catalog.reason_codes
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object(
           'reason_code', p_reason.reason_code, 'description', p_reason.description, 'direction', p_reason.direction,
           'takes', p_reason.takes, 'note_required', p_reason.note_required, 'active', p_reason.active, 'version', p_reason.version);
$$;

grant execute on function catalog.reason_code_document(catalog.reason_codes) to scoville_definer, admin, warehouse, sales, integration;
