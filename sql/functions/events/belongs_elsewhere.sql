-- Whether an event whose hash does not fit its position fits another one. Either it follows another event with its own hash (the
-- whole row was moved), or its text makes the hash of another row (the contents were moved).
create or replace function events.belongs_elsewhere(
  p_hash bytea,
  p_text text
)
  returns boolean
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return exists (
    select
      from (select e.hash, lag(e.hash) over (order by e.seq) as before
              from events.event_log e) c
     where events.link_hash(c.hash, p_text) = p_hash or events.link_hash(c.before, p_text) = c.hash);
end
$$;

grant execute on function events.belongs_elsewhere(bytea, text) to admin, scoville_worker;
