-- Makes, changes or retires one warehouse, with its audit. Its region is for good.
-- Lock order: catalogue rows stand before everything of stock.
create or replace function catalog.save_warehouse(
  p_write catalog.write,
  out code text,
  out body json,
  out created boolean
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old jsonb;
  v_new jsonb;
  v_refusal jsonb;
  v_warehouse catalog.warehouses;
begin
  select catalog.warehouse_document(w)::jsonb into v_old
    from catalog.warehouses w where w.warehouse_id = p_write.id for no key update;
  created := v_old is null;
  v_new := catalog.apply_write(p_write, v_old, jsonb_build_object('warehouse_id', p_write.id, 'name', p_write.id,
    'region_id', coalesce((v_old ->> 'region_id')::smallint, 1), 'active', true));
  v_refusal := coalesce(catalog.refuse_write(p_write, 'warehouses', v_old), catalog.refuse_region(v_old, v_new));
  if v_refusal is not null then
    code := v_refusal ->> 'code';
    body := v_refusal -> 'body';
    return;
  end if;
  v_warehouse := jsonb_populate_record(null::catalog.warehouses, v_new);
  if created then
    insert into catalog.warehouses as w (warehouse_id, region_id, name, active, created_at, updated_at)
    values (v_warehouse.warehouse_id, v_warehouse.region_id, v_warehouse.name, v_warehouse.active, app.now(), app.now())
    on conflict do nothing
    returning w.* into v_warehouse;
    if not found then  -- another session has made it just now: it is there to be changed, or this is refused
      select s.code, s.body, s.created into code, body, created from catalog.save_warehouse(p_write) s;
      return;
    end if;
  elsif v_new <> v_old then
    update catalog.warehouses w
       set name = v_warehouse.name, active = v_warehouse.active, version = w.version + 1, updated_at = app.now()
     where w.warehouse_id = p_write.id
    returning w.* into v_warehouse;
  end if;
  body := catalog.warehouse_document(v_warehouse);
  if body::jsonb is distinct from v_old then
    perform catalog.record_write(p_write, 'catalog.warehouses', v_old, body::jsonb);
  end if;
end
$$;

grant execute on function catalog.save_warehouse(catalog.write) to scoville_definer;
