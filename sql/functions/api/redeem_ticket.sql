-- Definer: the API's own login calls this before it takes a caller's role, and it may read no table.
-- Redeems a ticket once: if two connections present it at the same time, in any process, one deletes the row and the other finds none.
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

comment on function api.redeem_ticket(bytea) is
  'The caller who may open a WebSocket with the ticket of this SHA-256; no row if the ticket is unknown, used or expired.';
alter function api.redeem_ticket(bytea) owner to scoville_definer;
grant execute on function api.redeem_ticket(bytea) to authenticator;
