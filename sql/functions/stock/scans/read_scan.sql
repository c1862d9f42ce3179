-- Reads one scan: {data, separator, warehouse_location}. Several readings: the answer says what they have in common, and lists them.
create or replace function stock.read_scan(
  p_region_id smallint,
  p_scan jsonb,
  out refusal api.refusal,
  out body json
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_text text := app.clean(p_scan ->> 'data');
  v_warehouse text := p_scan ->> 'warehouse_location';
  v_parsed jsonb;
  v_readings json[];
begin
  if coalesce(v_text, '') = '' or length(v_text) > 200 then
    refusal := app.refuse(p_code => 'VA001', p_pointer => '/data', p_detail => 'Send what the scanner read: 1 to 200 characters.');
    return;
  end if;
  if v_warehouse is not null and not exists (
    select from catalog.warehouses w
     where w.warehouse_id = v_warehouse and w.region_id = p_region_id
       and (app.reaches_all_warehouses() or w.warehouse_id = any (app.claim_warehouses()))) then
    refusal := app.refuse(p_code => 'ST003', p_pointer => '/warehouse_location', p_detail => format(
      'Warehouse %s does not exist or is not yours. GET /v1/inventory/warehouses lists yours.', v_warehouse));
    return;
  end if;
  v_parsed := catalog.parse_gs1(p_text => v_text, p_separator => p_scan ->> 'separator', p_today => app.today(p_region_id));
  v_readings := array(
    select stock.scan_document(p_region_id => p_region_id, p_fields => r.value, p_sku_id => null, p_warehouse_id => v_warehouse)
      from jsonb_array_elements(v_parsed -> 'readings') with ordinality r
     order by r.ordinality);
  if cardinality(v_readings) = 0 and not (v_parsed -> 'marked')::boolean then
    v_readings := stock.scan_readings(p_region_id => p_region_id, p_text => v_text, p_warehouse_id => v_warehouse);
  end if;
  if cardinality(v_readings) = 0 and v_parsed -> 'faults' <> '[]' then
    refusal := app.refuse(p_code => 'SN001', p_pointer => '/data', p_facts => jsonb_build_object('faults', v_parsed -> 'faults'),
      p_detail => format('The scan cannot be read: %s.', (select string_agg(f.fault, '; ') from jsonb_array_elements_text(v_parsed -> 'faults') f (fault))));
    return;
  end if;
  if cardinality(v_readings) = 0 then
    v_readings := array[stock.scan_document(p_region_id => p_region_id, p_fields => '{}', p_sku_id => null, p_warehouse_id => v_warehouse)];
  end if;
  select app.join_json(json_build_object('data', v_text, 'ambiguous', case when cardinality(v_readings) > 1 then to_json(v_readings) else '[]' end),
           case when cardinality(v_readings) = 1 then v_readings[1] else stock.common_members(v_readings) end)
    into body;
end
$$;

grant execute on function stock.read_scan(smallint, jsonb) to scoville_definer;
