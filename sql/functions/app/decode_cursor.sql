-- The values of a cursor, checked against its list: an array that starts with the list's own name and has as many values as the
-- list sorts by.
-- Anything else was altered or comes from another list.
create or replace function app.decode_cursor(
  p_cursor text,
  p_list text,
  p_values integer
)
  returns jsonb
  language plpgsql
  immutable
  set search_path = ''
as $$
declare
  v_position jsonb;
begin
  if p_cursor is null then
    return null;
  end if;
  begin
    v_position := convert_from(decode(
      rpad(translate(p_cursor, '-_', '+/'), ((length(p_cursor) + 3) / 4) * 4, '='),
      'base64'), 'UTF8')::jsonb;
  exception when data_exception then
    v_position := null;
  end;
  if v_position is null or jsonb_typeof(v_position) <> 'array'
     or jsonb_array_length(v_position) <> p_values + 1 or v_position ->> 0 is distinct from p_list
     or jsonb_path_exists(v_position, '$[*] ? (@.type() != "string")') then
    perform app.raise_refusal(app.refuse_lines(p_code => 'VA001', p_detail => 'This cursor does not belong to this list.',
      p_errors => jsonb_build_array(jsonb_build_object('parameter', 'cursor',
        'detail', 'Send next_cursor as you received it, or leave cursor out to start again.'))));
  end if;
  return v_position;
end
$$;

grant execute on function app.decode_cursor(text, text, integer) to admin, warehouse, sales, integration;
