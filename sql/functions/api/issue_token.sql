-- Definer: the API's own login calls this before it takes a caller's role, and it may read no table.
-- The API sends a hash, never the secret. An unknown client, an inactive client and a wrong secret take the same lookups and get the
-- same result.
create or replace function api.issue_token(
  p_client_id text,
  p_secret_hash bytea,
  p_scope text
)
  returns table (error text, body json)
  language sql
  stable
  security definer
  set search_path = ''
as $$
  select case when not t.known then 'invalid_client' when t.foreign_scope then 'invalid_scope' end,
         case when t.known and not t.foreign_scope then json_build_object('client_id', t.client_id, 'role', t.role,
                'region', t.region_id, 'warehouses', t.warehouses, 'channels', t.channels, 'grant', t.grant_no) end
    from (select c.*, coalesce(c.active and s.live, false) as known,
                 coalesce(p_scope <> c.role, false) as foreign_scope
            from (select bool_or(h.secret_hash = p_secret_hash
                           and (h.expires_at is null or h.expires_at > app.now())) as live
                    from identity.client_secrets h
                   where h.client_id = p_client_id) s
            left join identity.clients c on c.client_id = p_client_id) t;
$$;

comment on function api.issue_token(text, bytea, text) is
  'The claims of a token of this client, or the error of RFC 6749, section 5.2: invalid_client, or invalid_scope if the '
  'requested scope is not the client''s role.';
alter function api.issue_token(text, bytea, text) owner to scoville_definer;
grant execute on function api.issue_token(text, bytea, text) to authenticator;
