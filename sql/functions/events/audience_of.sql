-- The audience of an event type; null for an unknown type, which the outbox refuses.
create or replace function events.audience_of(
  p_type text
)
  returns text
  language sql
  stable
  return (
    select t.audience
      from events.event_types t
     where t.type = p_type
  );

grant execute on function events.audience_of(text) to scoville_definer;
