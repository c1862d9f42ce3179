-- The movements of promised units that move to another warehouse or that orders wait for again: p_orders are the orders after the change,
-- which say who changed them and why.
create or replace function orders.relocation_movements(
  p_region_id smallint,
  p_relocations orders.relocation[]
)
  returns stock.movement[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    select stock.new_movement(p_warehouse_id => m.warehouse_id, p_sku_id => r.sku_id, p_kind => m.kind,
             p_delta => stock.new_counters(p_committed => m.units), p_note => o.change_reason,
             p_document => orders.public_id(p_region_id, r.order_id), p_actor => o.changed_by, p_request_id => o.request_id)
      from unnest(p_relocations) with ordinality r
      join orders.orders o on o.region_id = p_region_id and o.order_id = r.order_id
     cross join lateral (values (r.warehouse_id, 'uncommit', -r.units), (r.to_warehouse_id, 'commit', r.units)) m (warehouse_id, kind, units)
     where m.warehouse_id is not null
     order by r.ordinality, m.units);
end
$$;

grant execute on function orders.relocation_movements(smallint, orders.relocation[]) to scoville_definer;
