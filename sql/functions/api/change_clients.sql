-- Definer: no role may write to a table; this function changes API clients.
-- Members that are not given stay. Tokens that were issued for another role or scope become invalid (grant_no).
create or replace function api.change_clients(
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
  v_new jsonb;
  v_refusal api.refusal;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item, e.value ->> 'client_id' as id
      from jsonb_array_elements(p_clients) with ordinality e
     order by e.ordinality
  loop
    select * into v_client from identity.clients c where c.client_id = v_item.id for no key update;
    v_old := identity.client_document(v_item.id);
    v_new := v_old || jsonb_strip_nulls(v_item.item);
    v_refusal := coalesce(identity.refuse_change(v_client, v_item.item), identity.refuse_client(v_new));
    if v_refusal is not null then
      return next app.result_of(v_item.nth, v_refusal);
      continue;
    end if;
    update identity.clients c
       set name = v_new ->> 'name', role = v_new ->> 'role', region_id = (v_new ->> 'region_id')::smallint,
           warehouses = app.text_array(v_new -> 'warehouses'), channels = app.text_array(v_new -> 'channels'),
           active = (v_new ->> 'active')::boolean, version = c.version + 1, updated_at = app.now(),
           grant_no = c.grant_no + case when v_new - '{name,meta,if_match}'::text[] = v_old - 'name' then 0 else 1 end
     where c.client_id = v_item.id;
    return next app.new_result(p_ordinal => v_item.nth, p_body => identity.record_client(
      p_client_id => v_item.id, p_old => v_old, p_reason => null, p_meta => v_item.item -> 'meta')::json);
  end loop;
end
$$;

comment on function api.change_clients(jsonb) is
  'Changes API clients. An array of {client_id, if_match, name, role, region_id, warehouses, channels, active}; one result '
  'per element, in order.
Errors: ID004 ID006 OR008 ST003 ST009 VA001';
alter function api.change_clients(jsonb) owner to scoville_definer;
grant execute on function api.change_clients(jsonb) to admin;
