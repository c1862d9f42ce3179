-- Definer: nobody holds a write right on a table; this is the way to keep the catalogue. What an object leaves out stays as
-- it is.
create or replace function api.save_skus(
  p_skus jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json)
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_sku record;
  v_old catalog.skus;
  v_new catalog.skus;
begin
  for v_sku in
    select e.ordinality::integer as nth, e.value as sku from pg_catalog.jsonb_array_elements(p_skus) with ordinality e
     order by e.ordinality
  loop
    select * into v_old from catalog.skus k where k.sku_id = v_sku.sku ->> 'sku_id' for no key update;
    v_new := pg_catalog.jsonb_populate_record(
      case when v_old.sku_id is null then row(null, null, '', null, '{}', null, 'USD', 0, '{}', true, 0, app.now(),
        app.now())::catalog.skus else v_old end, v_sku.sku - 'meta');
    v_new.version := v_new.version + 1;
    v_new.updated_at := app.now();
    if v_old.sku_id is null then
      insert into catalog.skus select v_new.* on conflict do nothing;
    else
      update catalog.skus k
         set name = v_new.name, description = v_new.description, size_ml = v_new.size_ml,
             flavor_profile = v_new.flavor_profile, price = v_new.price, reorder_point = v_new.reorder_point,
             attributes = v_new.attributes, active = v_new.active, version = v_new.version,
             updated_at = v_new.updated_at
       where k.sku_id = v_new.sku_id;
    end if;
    perform audit.record(case when v_old.sku_id is null then 'insert' else 'update' end, 'catalog.skus', v_new.sku_id,
      case when v_old.sku_id is not null then pg_catalog.to_jsonb(v_old) end, pg_catalog.to_jsonb(v_new), null,
      coalesce(v_sku.sku -> 'meta' ->> 'actor', app.claim_subject()),
      coalesce(v_sku.sku -> 'meta' ->> 'request_id', app.claim_request_id()));
    return query select v_sku.nth, null::text, false, pg_catalog.to_json(k) from catalog.skus k where k.sku_id = v_new.sku_id;
  end loop;
end
$$;

comment on function api.save_skus(jsonb) is
  'Makes or changes SKUs. An array of {sku_id, name, description, size_ml, flavor_profile, price, reorder_point, attributes, '
  'active}; a result for each, in order. price null: no list price.';
alter function api.save_skus(jsonb) owner to scoville_definer;
grant execute on function api.save_skus(jsonb) to admin, sales;
