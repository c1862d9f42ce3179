-- A client as the API shows it, or null. Of its live secrets it shows only when they begin and end.
create or replace function identity.client_document(
  p_client_id text
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select jsonb_build_object('client_id', c.client_id, 'name', c.name, 'role', c.role, 'region_id', c.region_id,
           'warehouses', c.warehouses, 'channels', c.channels, 'active', c.active, 'version', c.version,
           'created_at', app.rfc3339(c.created_at), 'updated_at', app.rfc3339(c.updated_at), 'secrets', (
             select coalesce(jsonb_agg(jsonb_build_object('created_at', app.rfc3339(s.created_at),
                      'expires_at', app.rfc3339(s.expires_at)) order by s.expires_at, s.created_at), '[]')
               from identity.client_secrets s
              where s.client_id = c.client_id and (s.expires_at is null or s.expires_at > app.now())))
    from identity.clients c
   where c.client_id = p_client_id;
$$;

grant execute on function identity.client_document(text) to scoville_definer, admin;
