-- Definer: nobody holds a write right on a table; this is how a ticket is kept.
-- Keeps the hash of a ticket for a WebSocket, with the rights of the caller: they are those of this transaction, whatever
-- p_session says. The API makes the ticket itself and hands it out; it never comes here.
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
  insert into identity.socket_tickets (ticket_hash, role, subject, region_id, warehouses, channels, session, expires_at)
  values (p_ticket_hash, app.claim_role(), app.claim_subject(), p_region_id, coalesce(app.claim_warehouses(), '{}'),
          coalesce(app.claim_channels(), '{}'), p_session, v_expires_at);
  return query select json_build_object('expires_at', app.rfc3339(v_expires_at));
end
$$;

comment on function api.issue_ticket(smallint, bytea, json) is
  'A ticket that opens one WebSocket within 30 seconds, with the rights of the caller. Takes its sha256.';
alter function api.issue_ticket(smallint, bytea, json) owner to scoville_definer;
grant execute on function api.issue_ticket(smallint, bytea, json) to admin, warehouse, sales, integration;
