-- Changes one region, and writes the audit. A new time zone applies to the stock of its warehouses at once, unless they have their own.
-- Regions are made by migrations.
-- Lock order: the region, then its warehouses by ID (both for update: a warehouse or level is created before or after), then stock.
create or replace function catalog.save_region(
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
  v_region catalog.regions;
  v_warehouses text[];
begin
  created := false;
  p_write.mode := 'patch';  -- none is created
  p_write.element := p_write.element - 'region_id';  -- from the path, as text
  select catalog.region_document(r)::jsonb into v_old from catalog.regions r where r.region_id::text = p_write.id for update;
  v_decision := catalog.decide(p_write => p_write, p_noun => 'regions', p_old => v_old, p_defaults => '{}');
  refusal := v_decision.refusal;
  if refusal is not null then
    return next;
    return;
  end if;
  v_region := jsonb_populate_record(null::catalog.regions, v_decision.document);
  if v_decision.document <> v_old then
    update catalog.regions r
       set name = v_region.name, time_zone = v_region.time_zone, expiry_notice_days = v_region.expiry_notice_days,
           backdating_days_max = v_region.backdating_days_max, version = r.version + 1
     where r.region_id = v_region.region_id
    returning r.* into v_region;
  end if;
  body := catalog.region_document(v_region);
  if body::jsonb <> v_old then
    perform catalog.record_write(p_write => p_write, p_table_name => 'catalog.regions', p_old => v_old, p_new => body::jsonb);
  end if;
  if v_region.time_zone <> v_old ->> 'time_zone' then
    select array_agg(w.warehouse_id) into v_warehouses
      from (select h.warehouse_id
              from catalog.warehouses h
             where h.region_id = v_region.region_id and h.time_zone is null
             order by h.warehouse_id
               for update) w;
    perform stock.follow_zones(v_region.region_id, v_warehouses);
  end if;
  return next;
end
$$;

grant execute on function catalog.save_region(catalog.write) to scoville_definer;
