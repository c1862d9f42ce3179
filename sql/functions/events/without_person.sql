-- What the chain covers of an event that holds personal data: its data without them. An erasure leaves it as it is. The planner inlines
-- it, and a new order, which has no parcel and seldom addresses of lines, needs one expression: the sequencer calls it for each event of an order.
create or replace function events.without_person(
  p_data jsonb
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return case when p_data ? 'old' or p_data -> 'fulfillments' <> '[]' or p_data @? '$.items[*].address ? (@ != null)' then events.strip(p_data)
              else p_data - '{customer,note,reason,status_change,erased}'::text[] end;

grant execute on function events.without_person(jsonb) to scoville_definer, admin, scoville_worker;
