-- Where the log begins and ends now. A client's place <epoch>:<seq> can be gone on from when the epoch is this one and
-- seq lies between first_seq - 1 and last_seq.
create or replace function jobs.stream_place()
  returns table (epoch text, first_seq bigint, last_seq bigint)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query select s.epoch, s.first_seq, s.last_seq from events.stream s;
end
$$;

grant execute on function jobs.stream_place() to scoville_worker;
