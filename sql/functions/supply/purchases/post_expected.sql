-- Makes incoming follow the open units of the lines of a purchase. p_before: the open units that are incoming now, by SKU.
-- Lock order: the caller has locked the levels and the purchase.
create or replace function supply.post_expected(
  p_purchase supply.purchases,
  p_before jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_movements stock.movement[] := array(
    select stock.new_movement(p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id, p_kind => 'expect',
             p_delta => stock.new_counters(p_incoming => c.units), p_note => p_purchase.note,
             p_document => supply.purchase_public_id(p_purchase.region_id, p_purchase.purchase_id), p_actor => p_purchase.changed_by,
             p_request_id => p_purchase.request_id)
      from supply.purchase_lines l
     cross join lateral (select l.open_quantity - coalesce((p_before ->> l.sku_id)::bigint, 0)) c (units)
     where l.region_id = p_purchase.region_id and l.purchase_id = p_purchase.purchase_id and c.units <> 0
     order by l.sku_id);
begin
  if cardinality(v_movements) > 0 then
    perform stock.post_movements(p_region_id => p_purchase.region_id, p_movements => v_movements);
  end if;
end
$$;

grant execute on function supply.post_expected(supply.purchases, jsonb) to scoville_definer;
