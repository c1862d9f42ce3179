-- Definer: no role may write to a table; this function lets a program or person in. The API generates and shows the secret.
-- This function gets only its SHA-256, so no statement, log or copy of the database contains the secret.
create or replace function api.create_clients(
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
  v_client jsonb;
  v_refusal api.refusal;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item,
           coalesce(e.value ->> 'client_id', 'client-' || left(replace(
             gen_random_uuid()::text, '-', ''), 12)) as id
      from jsonb_array_elements(p_clients) with ordinality e
     order by e.ordinality
  loop
    v_client := jsonb_build_object('region_id', 1) || jsonb_strip_nulls(v_item.item);
    v_refusal := identity.refuse_client(v_client);
    if v_refusal is null then
      insert into identity.clients
        (client_id, name, role, region_id, warehouses, channels, active, created_at, updated_at)
      values (v_item.id, v_client ->> 'name', v_client ->> 'role', (v_client ->> 'region_id')::smallint,
              app.text_array(v_client -> 'warehouses'), app.text_array(v_client -> 'channels'),
              coalesce((v_client ->> 'active')::boolean, true), app.now(), app.now())
      on conflict on constraint clients_pkey do nothing;
      if not found then
        v_refusal := app.refuse(p_code => 'ID005', p_pointer => '/client_id', p_detail => format(
          'Client %s already exists. Choose another client_id, or PATCH /v1/clients/%s.', v_item.id, v_item.id));
      end if;
    end if;
    if v_refusal is not null then
      return next app.result_of(v_item.nth, v_refusal);
      continue;
    end if;
    insert into identity.client_secrets (client_id, secret_no, secret_hash, created_at)
    values (v_item.id, 1, decode(v_client ->> 'secret_hash', 'hex'), app.now());
    return next app.new_result(p_ordinal => v_item.nth, p_body => identity.record_client(
      p_client_id => v_item.id, p_old => null, p_reason => null, p_meta => v_client -> 'meta')::json);
  end loop;
end
$$;

comment on function api.create_clients(jsonb) is
  'Creates API clients. An array of {client_id, name, role, region_id, warehouses, channels, active, secret_hash}; one result '
  'per element, in order. Without client_id an ID is generated. secret_hash is the SHA-256 of the secret, in hex.
Errors: ID005 ID006 OR008 ST003 VA001';
alter function api.create_clients(jsonb) owner to scoville_definer;
grant execute on function api.create_clients(jsonb) to admin;
