-- Definer: no role may write to a table; this function revokes API clients.
-- The client becomes inactive and all its secrets expire. Its tokens become invalid at their next check (within a minute).
-- A second call changes nothing.
create or replace function api.revoke_clients(
  p_clients jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_item record;
  v_client identity.clients;
  v_old jsonb;
  v_refusal api.refusal;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item, e.value ->> 'client_id' as id
      from jsonb_array_elements(p_clients) with ordinality e
     order by e.ordinality
  loop
    select * into v_client from identity.clients c where c.client_id = v_item.id for no key update;
    v_refusal := identity.refuse_change(v_client, v_item.item);
    if v_refusal is not null then
      return next app.result_of(v_item.nth, v_refusal);
      continue;
    end if;
    v_old := identity.client_document(v_item.id);
    if v_client.active or v_old -> 'secrets' <> '[]' then
      update identity.client_secrets s
         set expires_at = app.now()
       where s.client_id = v_item.id and (s.expires_at is null or s.expires_at > app.now());
      update identity.clients c
         set active = false, grant_no = c.grant_no + 1, version = c.version + 1, updated_at = app.now()
       where c.client_id = v_item.id;
      perform identity.record_client(
        p_client_id => v_item.id, p_old => v_old, p_reason => 'revoked', p_meta => v_item.item -> 'meta');
    end if;
    return next app.new_result(p_ordinal => v_item.nth, p_body => identity.client_document(v_item.id)::json);
  end loop;
end
$$;

comment on function api.revoke_clients(jsonb) is
  'Revokes API clients. An array of {client_id, if_match}; one result per element, in order.
Errors: ID004 ST009';
alter function api.revoke_clients(jsonb) owner to scoville_definer;
grant execute on function api.revoke_clients(jsonb) to admin;
