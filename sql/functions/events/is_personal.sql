-- Whether the data of an event may name a person: orders have a customer, and what they, reservations and returns note may be about one.
create or replace function events.is_personal(
  p_type text,
  p_data jsonb
)
  returns boolean
  language sql
  immutable
  parallel safe
  return p_data ? 'customer' or (p_type like 'reservation.%' and p_data ->> 'note' is not null)
    or p_type like 'return.%';

grant execute on function events.is_personal(text, jsonb) to scoville_definer;
