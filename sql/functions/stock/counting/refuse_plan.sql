-- The refusal of a plan of a count, or null.
create or replace function stock.refuse_plan(
  p_region_id smallint,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_warehouse text := p_request ->> 'warehouse_location';
  v_scope text := p_request ->> 'scope';
  v_skus text[] := app.text_array(p_request -> 'sku_ids');
  v_unknown text;
  v_bundle text;
begin
  if not exists (select from catalog.warehouses w
                  where w.warehouse_id = v_warehouse and w.region_id = p_region_id
                    and (app.reaches_all_warehouses() or w.warehouse_id = any (app.claim_warehouses()))) then
    return app.refuse(p_code => 'ST003', p_pointer => '/warehouse_location', p_detail => format(
      'Warehouse %s does not exist or is not yours. GET /v1/inventory/warehouses lists yours.', v_warehouse));
  elsif v_scope is null then
    return app.refuse(p_code => 'VA001', p_pointer => '/scope', p_detail => 'Say what to count: scope is missing.');
  elsif (v_scope = 'skus') <> (cardinality(v_skus) > 0) then
    return app.refuse(p_code => 'VA001', p_pointer => '/sku_ids', p_detail => 'Scope skus, and only that, needs sku_ids.');
  elsif v_scope <> 'expiring' and p_request ->> 'within_days' is not null then
    return app.refuse(p_code => 'VA001', p_pointer => '/within_days', p_detail => 'Only scope expiring has within_days.');
  end if;
  v_unknown := (select s from unnest(v_skus) s where not exists (select from catalog.skus k where k.sku_id = s) limit 1);
  v_bundle := (select k.sku_id from catalog.skus k where k.sku_id = any (v_skus) and k.components <> '[]' limit 1);
  if v_unknown is not null then
    return app.refuse(p_code => 'ST002', p_pointer => '/sku_ids', p_detail => format('SKU %s does not exist.%s', v_unknown,
      catalog.suggest_sku(v_unknown)));
  elsif v_bundle is not null then
    return app.refuse(p_code => 'KT003', p_pointer => '/sku_ids', p_detail => format(
      'SKU %s is a bundle and has no stock of its own. Name its components.', v_bundle));
  end if;
  return null;
end
$$;

grant execute on function stock.refuse_plan(smallint, jsonb) to scoville_definer;
