-- Definer: no role may write to a table; this function gives API clients new secrets.
-- A repeat of an idempotency key changes nothing; its answer has no secret.
-- A client has two slots with one secret each. The new secret replaces the expiring one, and the former current secret gets an
-- expiry.
create or replace function api.rotate_secrets(
  p_clients jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  c_region constant smallint := 0;  -- clients belong to no region
  v_keys identity.key[] := identity.read_keys(p_region_id => c_region, p_route => 'rotate_secrets', p_requests =>
    array_to_json(array(  -- each request brings a hash of its own
      select e.value - 'secret_hash' from jsonb_array_elements(p_clients) with ordinality e order by e.ordinality))::jsonb);
  v_results api.result[] := identity.check_keys(c_region, v_keys);
  v_item record;
  v_client identity.clients;
  v_old jsonb;
  v_refusal api.refusal;
  v_current smallint;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item, e.value ->> 'client_id' as id,
           make_interval(secs => coalesce((e.value ->> 'overlap_seconds')::integer, 86400)) as overlap
      from jsonb_array_elements(p_clients) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    select * into v_client from identity.clients c where c.client_id = v_item.id for no key update;
    v_refusal := identity.refuse_change(v_client, v_item.item);
    if v_refusal is null and not v_client.active then
      v_refusal := app.refuse_lines(p_code => 'ID007',
        p_detail => 'This client is inactive and cannot sign in. Set active to true first.');
    end if;
    if v_refusal is not null then
      v_results := v_results || app.result_of(v_item.nth, v_refusal);
      continue;
    end if;
    v_old := identity.client_document(v_item.id);
    update identity.client_secrets s
       set expires_at = app.now() + v_item.overlap
     where s.client_id = v_item.id and s.expires_at is null
    returning s.secret_no into v_current;
    insert into identity.client_secrets as s (client_id, secret_no, secret_hash, created_at, expires_at)
    values (v_item.id, 3 - coalesce(v_current, 2), decode(v_item.item ->> 'secret_hash', 'hex'), app.now(), null)
    on conflict on constraint client_secrets_pkey do update
       set secret_hash = excluded.secret_hash, created_at = excluded.created_at, expires_at = null;
    update identity.clients c
       set version = c.version + 1, updated_at = app.now()
     where c.client_id = v_item.id;
    v_results := v_results || app.new_result(p_ordinal => v_item.nth, p_body => identity.record_client(
      p_client_id => v_item.id, p_old => v_old, p_reason => 'secret rotated', p_meta => v_item.item -> 'meta')::json);
  end loop;
  perform identity.keep_answers(
    p_region_id => c_region, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.rotate_secrets(jsonb) is
  'Gives API clients a new secret. An array of {client_id, if_match, overlap_seconds, secret_hash}; one result per element, in '
  'order. The former secret stays valid for the overlap (default one day); of two valid secrets the older is dropped.
Errors: ID001 ID002 ID004 ID007 ST009';
alter function api.rotate_secrets(jsonb) owner to scoville_definer;
grant execute on function api.rotate_secrets(jsonb) to admin;
