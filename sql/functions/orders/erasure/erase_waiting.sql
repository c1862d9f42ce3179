-- Takes the person out of events of these subjects that wait in the outbox. Waits for a sequencer that is moving
-- them: afterwards they are in the log, where events.erase_events finds them. A sequencer that comes later waits for this transaction.
create or replace function orders.erase_waiting(
  p_region_id smallint,
  p_subjects text[]
)
  returns bigint
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_settled_id bigint := (select s.settled_id from events.stream s);
  v_erased bigint;
begin
  update events.outbox o
     set data = events.impersonal(o.data) || '{"erased": true}'
   where o.region_id = p_region_id and o.outbox_id > v_settled_id and o.subject = any (p_subjects)
     and events.is_personal(o.type, o.data);
  get diagnostics v_erased = row_count;
  return v_erased;
end
$$;

grant execute on function orders.erase_waiting(smallint, text[]) to scoville_definer;
