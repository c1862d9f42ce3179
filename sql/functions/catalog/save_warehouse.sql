-- Creates, changes or retires one warehouse. Writes the audit and the event. A warehouse never changes its region. A new time zone
-- applies to its stock at once.
-- Lock order: the region, whose zone may apply; the warehouse, for update, so that a level is created before or after; then stock.
create or replace function catalog.save_warehouse(
  p_write catalog.write
)
  returns table (refusal api.refusal, body json, created boolean)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old jsonb;
  v_decision record;
  v_warehouse catalog.warehouses;
begin
  perform from catalog.regions r
   where r.region_id = (select w.region_id from catalog.warehouses w where w.warehouse_id = p_write.id)
     for key share;
  select catalog.warehouse_document(w)::jsonb into v_old
    from catalog.warehouses w where w.warehouse_id = p_write.id for update;
  created := v_old is null;
  v_decision := catalog.decide(p_write => p_write, p_noun => 'warehouses', p_old => v_old, p_defaults =>
    jsonb_build_object('warehouse_id', p_write.id, 'name', p_write.id,
      'region_id', coalesce((v_old ->> 'region_id')::smallint, 1), 'time_zone', null, 'scan_required', false, 'active', true));
  refusal := v_decision.refusal;
  if refusal is not null then
    return next;
    return;
  end if;
  v_warehouse := jsonb_populate_record(null::catalog.warehouses, v_decision.document);
  if created then
    insert into catalog.warehouses as w (warehouse_id, region_id, name, time_zone, scan_required, active, created_at, updated_at)
    values (v_warehouse.warehouse_id, v_warehouse.region_id, v_warehouse.name, v_warehouse.time_zone, v_warehouse.scan_required,
            v_warehouse.active, app.now(), app.now())
    on conflict do nothing
    returning w.* into v_warehouse;
    if not found then  -- another session has just created it: it can be changed, or the write is refused
      return query select s.* from catalog.save_warehouse(p_write) s;
      return;
    end if;
  elsif v_decision.document <> v_old then
    update catalog.warehouses w
       set name = v_warehouse.name, time_zone = v_warehouse.time_zone, scan_required = v_warehouse.scan_required,
           active = v_warehouse.active, version = w.version + 1, updated_at = app.now()
     where w.warehouse_id = p_write.id
    returning w.* into v_warehouse;
  end if;
  body := catalog.warehouse_document(v_warehouse);
  if body::jsonb is distinct from v_old then
    perform catalog.record_write(p_write => p_write, p_table_name => 'catalog.warehouses', p_old => v_old, p_new => body::jsonb);
    perform events.emit_catalog_event(p_noun => 'warehouse', p_old => v_old, p_new => body::jsonb, p_actor => p_write.actor,
      p_request_id => p_write.request_id);
  end if;
  if not created and v_warehouse.time_zone is distinct from v_old ->> 'time_zone' then
    perform stock.follow_zones(v_warehouse.region_id, array[v_warehouse.warehouse_id]);
  end if;
  return next;
end
$$;

grant execute on function catalog.save_warehouse(catalog.write) to scoville_definer;
