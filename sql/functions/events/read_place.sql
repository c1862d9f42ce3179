-- The seq of a position <epoch>:<seq> from which the log can be continued; without a position, its beginning.
-- Refuses a position of another epoch, and one that the log does not reach (any more), with LG001, which names where to begin.
create or replace function events.read_place(
  p_place text,
  p_stream events.stream
)
  returns bigint
  language plpgsql
  immutable
  set search_path = ''
as $$
declare
  v_seq bigint;
  v_detail text;
begin
  if p_place is null then
    return p_stream.first_seq - 1;
  elsif p_place !~ '^[0-9a-z]{1,32}:[0-9]{1,18}$' then
    raise exception using errcode = 'VA001', message = 'invalid position',
      detail = jsonb_build_object('detail', 'This is not a position in the event log.',
        'errors', jsonb_build_array(jsonb_build_object('parameter', 'after',
          'detail', 'Send next (or the id of an event) as you received it, or leave after out to start at the beginning.')))::text;
  end if;
  v_seq := split_part(p_place, ':', 2)::bigint;
  v_detail := case
    when split_part(p_place, ':', 1) <> p_stream.epoch or v_seq > p_stream.last_seq
      then 'The event log was restored or started again: events after your position may differ from those that you know.'
    when v_seq < p_stream.first_seq - 1 then 'The events after your position are no longer kept.' end;
  if v_detail is not null then
    raise exception using errcode = 'LG001', message = 'reset',
      detail = jsonb_build_object(
        'detail', v_detail || ' Read the present state again, then continue from last; or from first for all kept events.',
        'errors', jsonb_build_array(jsonb_build_object('parameter', 'after', 'detail', v_detail,
          'first', p_stream.epoch || ':' || p_stream.first_seq - 1, 'last', p_stream.epoch || ':' || p_stream.last_seq)))::text;
  end if;
  return v_seq;
end
$$;

grant execute on function events.read_place(text, events.stream) to admin, warehouse, sales, integration, scoville_worker;
