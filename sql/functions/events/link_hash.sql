-- One link of the chain: the hash of an event, from the hash of the previous event and its own text.
-- Stable, as convert_to is: the planner inlines no function that promises more than its body does.
create or replace function events.link_hash(
  p_before bytea,
  p_text text
)
  returns bytea
  language sql
  stable
  parallel safe
  return sha256(p_before || convert_to(p_text, 'UTF8'));

grant execute on function events.link_hash(bytea, text) to scoville_definer, admin, scoville_worker;
