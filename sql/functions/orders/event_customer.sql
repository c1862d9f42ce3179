-- The customer in events: without e-mail and phone number.
create or replace function orders.event_customer(
  p_name text,
  p_address text
)
  returns jsonb
  language sql
  stable
  parallel safe
  return jsonb_build_object('name', p_name, 'address', p_address);

grant execute on function orders.event_customer(text, text) to scoville_definer;
