-- Definer: no role may write to a table; this function stores a ticket.
-- Stores the hash of a ticket for a WebSocket, with the caller's rights. They come from this transaction, whatever p_session says.
-- The API generates the ticket and hands it out; the database gets only its hash.
create or replace function api.issue_ticket(
  p_region_id smallint,
  p_ticket_hash bytea,
  p_session json
)
  returns table (body json)
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_expires_at timestamptz := app.now() + interval '30 seconds';
begin
  perform app.check_region(p_region_id);
  insert into identity.socket_tickets (ticket_hash, role, subject, region_id, warehouses, channels, session, expires_at)
  values (p_ticket_hash, app.claim_role(), app.claim_subject(), p_region_id, coalesce(app.claim_warehouses(), '{}'),
          coalesce(app.claim_channels(), '{}'), p_session, v_expires_at);
  return query select json_build_object('expires_at', app.rfc3339(v_expires_at));
end
$$;

comment on function api.issue_ticket(smallint, bytea, json) is
  'Stores a ticket, given as its SHA-256. It opens one WebSocket within 30 seconds, with the rights of the caller.';
alter function api.issue_ticket(smallint, bytea, json) owner to scoville_definer;
grant execute on function api.issue_ticket(smallint, bytea, json) to admin, warehouse, sales, integration;
