-- A number from the cursor of a report: any decimal, or Infinity for a null, which sorts last. Refuses anything else as altered.
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
        'This cursor was altered. Send next_cursor as you received it, or leave cursor out to start again.')::text;
  end if;
  return p_value::numeric;
end
$$;

grant execute on function app.cursor_amount(text) to admin, warehouse, sales;
