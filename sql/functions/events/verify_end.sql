-- Whether the log ends where the stream says. Returns a row with the fault if it does not.
create or replace function events.verify_end(
  p_stream events.stream
)
  returns table (fault text, seq bigint, detail text)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_seq bigint := p_stream.first_seq - 1;
  v_hash bytea := p_stream.anchor_hash;
  v_last events.event_log;
begin
  select e.* into v_last from events.event_log e where e.seq >= p_stream.first_seq order by e.seq desc limit 1;
  if found then
    v_seq := v_last.seq;
    v_hash := v_last.hash;
  end if;
  if v_seq < p_stream.last_seq then
    return query select 'removed', v_seq + 1, format('%s events are missing at the end', p_stream.last_seq - v_seq);
  elsif v_seq > p_stream.last_seq then
    return query select 'added', p_stream.last_seq + 1, 'the log continues after its end';
  elsif v_hash <> p_stream.last_hash then
    return query select 'altered', v_seq, 'the last hash differs from the one in events.stream';
  end if;
end
$$;

grant execute on function events.verify_end(events.stream) to admin, scoville_worker;
