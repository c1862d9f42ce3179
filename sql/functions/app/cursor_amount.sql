-- A number out of the cursor of a report, whole or not, below zero or not; Infinity stands for a null, which comes last. One that
-- does not read as such was altered.
create or replace function app.cursor_amount(
  p_value text
)
  returns numeric
  language plpgsql
  immutable
  set search_path = ''
as $$
begin
  if p_value !~ '^(-?[0-9]{1,18}(\.[0-9]{1,6})?|Infinity)$' then
    raise exception using errcode = 'VA001', message = 'invalid cursor',
      detail = json_build_object('detail',
        'This cursor was altered. Send next_cursor as it was given, or leave cursor out to start again.')::text;
  end if;
  return p_value::numeric;
end
$$;

grant execute on function app.cursor_amount(text) to admin, warehouse, sales;
