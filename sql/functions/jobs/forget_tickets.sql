-- Definer: no role may read or delete tickets.
-- Deletes tickets that were not used in time, at most p_limit per call, and returns the number.
create or replace function jobs.forget_tickets(
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_deleted integer;
begin
  delete from identity.socket_tickets t
   where t.ticket_hash in (
     select o.ticket_hash from identity.socket_tickets o where o.expires_at < app.now() order by o.expires_at limit p_limit);
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;

alter function jobs.forget_tickets(integer) owner to scoville_definer;
grant execute on function jobs.forget_tickets(integer) to scoville_worker;
