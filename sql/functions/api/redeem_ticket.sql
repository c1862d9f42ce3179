-- Definer: the API's own login asks before anybody has entered, and reads no table.
-- Uses a ticket up: of two who come with it at once, in whatever process, one deletes the row and the other finds none.
create or replace function api.redeem_ticket(
  p_ticket_hash bytea
)
  returns table (body json)
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
begin
  return query
    delete from identity.socket_tickets t
     where t.ticket_hash = p_ticket_hash and t.expires_at > app.now()
    returning json_build_object('role', t.role, 'subject', t.subject, 'region', t.region_id,
                'warehouses', t.warehouses, 'channels', t.channels, 'session', t.session);
end
$$;

comment on function api.redeem_ticket(bytea) is 'Who may open a WebSocket with the ticket of this sha256; no row for one that is unknown, used or expired.';
alter function api.redeem_ticket(bytea) owner to scoville_definer;
grant execute on function api.redeem_ticket(bytea) to authenticator;
