-- The refusal of the two warehouses of a new transfer, or null. One of them must be the caller's. A retired warehouse receives nothing, but what
-- it still has can leave.
create or replace function supply.refuse_ends(
  p_region_id smallint,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_from text := p_request ->> 'from_warehouse_location';
  v_to text := p_request ->> 'to_warehouse_location';
  v_refusal api.refusal;
begin
  v_refusal := (
    select app.refuse(p_code => 'ST003', p_pointer => '/' || e.member, p_detail => case when w.warehouse_id is null
             then format('Warehouse %s does not exist in this region.%s', e.warehouse_id,
                    catalog.suggest_warehouse(p_region_id => p_region_id, p_warehouse_id => e.warehouse_id))
             else format('Warehouse %s is retired and receives nothing.', e.warehouse_id) end)
      from (values (1, 'from_warehouse_location', v_from), (2, 'to_warehouse_location', v_to)) e (nth, member, warehouse_id)
      left join catalog.warehouses w on w.warehouse_id = e.warehouse_id and w.region_id = p_region_id
     where w.warehouse_id is null or e.nth = 2 and not w.active
     order by e.nth
     limit 1);
  if v_refusal.code is null and v_from = v_to then
    v_refusal := app.refuse(p_code => 'VA001', p_pointer => '/to_warehouse_location',
      p_detail => 'A transfer has two ends: send another warehouse than from_warehouse_location.');
  elsif v_refusal.code is null and not coalesce(app.reaches_all_warehouses() or array[v_from, v_to] && app.claim_warehouses(), false) then
    v_refusal := app.refuse(p_code => 'ST003', p_pointer => '/from_warehouse_location', p_detail =>
      'Neither warehouse is yours. GET /v1/inventory/warehouses lists yours.');
  end if;
  return v_refusal;
end
$$;

grant execute on function supply.refuse_ends(smallint, jsonb) to scoville_definer;
