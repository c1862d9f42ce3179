-- A number from a cursor. Refuses anything else as altered.
create or replace function app.cursor_number(
  p_value text
)
  returns bigint
  language plpgsql
  immutable
  set search_path = ''
as $$
begin
  if p_value !~ '^[0-9]{1,18}$' then
    perform app.raise_refusal(app.refuse_lines(p_code => 'VA001',
      p_detail => 'This cursor was altered. Send next_cursor as you received it, or leave cursor out to start again.'));
  end if;
  return p_value::bigint;
end
$$;

grant execute on function app.cursor_number(text) to admin, warehouse, sales, integration;
