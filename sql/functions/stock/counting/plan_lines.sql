-- The lots that a plan of a count asks for, those of a SKU together: the ones with units, and the newest of a named or requested level that
-- has none, so that nothing is counted there, too. never_counted: by no approved count.
create or replace function stock.plan_lines(
  p_region_id smallint,
  p_request jsonb
)
  returns table (sku_id text, lot_id bigint)
  language plpgsql
  stable
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
declare
  c_days_default constant integer := 60;
  v_warehouse text := p_request ->> 'warehouse_location';
  v_scope text := p_request ->> 'scope';
  v_skus text[] := app.text_array(p_request -> 'sku_ids');
  v_before date := (
    select timezone(z.time_zone, app.now())::date + coalesce((p_request ->> 'within_days')::integer, c_days_default)
      from catalog.zones() z where z.warehouse_id = v_warehouse);
begin
  return query
    select v.sku_id, v.lot_id
      from stock.stock_levels l
      join stock.lot_levels v on v.region_id = p_region_id and v.warehouse_id = v_warehouse and v.sku_id = l.sku_id
      join stock.lots t on t.region_id = p_region_id and t.lot_id = v.lot_id
     where l.region_id = p_region_id and l.warehouse_id = v_warehouse
       and (v_scope <> 'skus' or l.sku_id = any (v_skus))
       and (v_scope <> 'requested' or exists (
             select from stock.count_requests q
              where q.region_id = p_region_id and q.warehouse_id = v_warehouse and q.sku_id = l.sku_id))
       and (v_scope <> 'expiring' or t.expiration_date < v_before)
       and (v_scope <> 'never_counted' or not exists (
             select from stock.count_lines c
              where c.region_id = p_region_id and c.warehouse_id = v_warehouse and c.lot_id = v.lot_id and c.status = 'approved'))
       and (v.on_hand > 0 or v_scope in ('skus', 'requested') and l.on_hand = 0 and v.lot_id = (
             select max(n.lot_id) from stock.lot_levels n
              where n.region_id = p_region_id and n.warehouse_id = v_warehouse and n.sku_id = l.sku_id))
     order by v.sku_id, t.expiration_date, v.lot_id;
end
$$;

grant execute on function stock.plan_lines(smallint, jsonb) to scoville_definer;
