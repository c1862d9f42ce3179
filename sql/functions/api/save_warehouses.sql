-- Definer: nobody holds a write right on a table; this is the way to open, rename and close a warehouse. Its region is for good.
create or replace function api.save_warehouses(
  p_warehouses jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json)
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_item record;
  v_old catalog.warehouses;
  v_new catalog.warehouses;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item, e.value ->> 'warehouse_id' as id
      from pg_catalog.jsonb_array_elements(p_warehouses) with ordinality e
     order by e.ordinality
  loop
    select * into v_old from catalog.warehouses w where w.warehouse_id = v_item.id for no key update;
    if v_old.warehouse_id is not null and (v_item.item ->> 'region_id')::smallint <> v_old.region_id
       or not exists (select from catalog.regions r
                       where r.region_id = coalesce((v_item.item ->> 'region_id')::smallint, v_old.region_id, 1)) then
      return query select v_item.nth, 'VA001', false, app.refusal(
        'There is no such region, or the warehouse is in another one. A warehouse stays in its region.', '/region_id')::json;
      continue;
    end if;
    insert into catalog.warehouses as w (warehouse_id, region_id, name, active, created_at, updated_at)
    values (v_item.id, coalesce((v_item.item ->> 'region_id')::smallint, 1), coalesce(v_item.item ->> 'name', v_item.id),
            coalesce((v_item.item ->> 'active')::boolean, true), app.now(), app.now())
    on conflict on constraint warehouses_pkey do update
       set name = coalesce(v_item.item ->> 'name', w.name),
           active = coalesce((v_item.item ->> 'active')::boolean, w.active),
           version = w.version + 1, updated_at = app.now()
    returning * into v_new;
    perform audit.record(case when v_old.warehouse_id is null then 'insert' else 'update' end, 'catalog.warehouses', v_item.id,
      case when v_old.warehouse_id is not null then pg_catalog.to_jsonb(v_old) end, pg_catalog.to_jsonb(v_new), null,
      coalesce(v_item.item -> 'meta' ->> 'actor', app.claim_subject()),
      coalesce(v_item.item -> 'meta' ->> 'request_id', app.claim_request_id()));
    return query select v_item.nth, null::text, false, pg_catalog.to_json(v_new);
  end loop;
end
$$;

comment on function api.save_warehouses(jsonb) is
  'Makes or changes warehouses. An array of {warehouse_id, name, region_id, active}; a result for each, in order.';
alter function api.save_warehouses(jsonb) owner to scoville_definer;
grant execute on function api.save_warehouses(jsonb) to admin;
