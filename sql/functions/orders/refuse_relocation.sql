-- The refusal to move units of an order from one warehouse to another, or null. p_open: its open units of the SKU by warehouse, without
-- the destination. p_from null: the request names no warehouse, and several (or none) could be meant.
create or replace function orders.refuse_relocation(
  p_region_id smallint,
  p_order orders.orders,
  p_pointer text,
  p_sku_id text,
  p_units bigint,
  p_from text,
  p_to text,
  p_open jsonb,
  p_available bigint
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_open text := coalesce((select string_agg(format('%s (%s)', o.key, o.value), ', ' order by o.key) from jsonb_each_text(p_open) o),
                   'nowhere');
  v_serving jsonb := (
    select coalesce(jsonb_agg(s.warehouse_id order by s.priority, s.warehouse_id), '[]')
      from catalog.serving_warehouses() s
     where s.region_id = p_region_id and s.channel_id = p_order.channel_id);
begin
  return case
    when coalesce(p_units < 1, true)
      then app.refuse(p_code => 'VA001', p_pointer => p_pointer || '/quantity', p_detail => 'Say how many units move: 1 or more.')
    when not exists (select from catalog.warehouses w
                      where w.warehouse_id = p_to and w.region_id = p_region_id
                        and (app.reaches_all_warehouses() or w.warehouse_id = any (app.claim_warehouses())))
      then app.refuse(p_code => 'ST003', p_pointer => p_pointer || '/to_warehouse_location', p_detail => format(
        'Warehouse %s does not exist or is not yours. GET /v1/inventory/warehouses lists yours.', p_to))
    when p_from is not null and not exists (select from catalog.warehouses w
                      where w.warehouse_id = p_from and w.region_id = p_region_id
                        and (app.reaches_all_warehouses() or w.warehouse_id = any (app.claim_warehouses())))
      then app.refuse(p_code => 'ST003', p_pointer => p_pointer || '/from_warehouse_location', p_detail => format(
        'Warehouse %s does not exist or is not yours. GET /v1/inventory/warehouses lists yours.', p_from))
    when exists (select from catalog.skus k where k.sku_id = p_sku_id and k.components <> '[]')
      then app.refuse(p_code => 'OR018', p_pointer => p_pointer || '/sku_id', p_detail => format(
        '%s is a bundle. Move its components: allocations of the order has their units.', p_sku_id))
    when not v_serving ? p_to
      then app.refuse(p_code => 'OR018', p_pointer => p_pointer || '/to_warehouse_location', p_detail => format(
        'Warehouse %s ships nothing for channel %s: it is retired, or the channel does not have it. allowed lists the others.',
        p_to, p_order.channel_id), p_facts => jsonb_build_object('allowed', v_serving))
    when p_from = p_to
      then app.refuse(p_code => 'OR018', p_pointer => p_pointer || '/to_warehouse_location', p_detail => format(
        'The units are promised in %s already. Name the warehouse that is to ship them.', p_to))
    when p_open = '{}'
      then app.refuse(p_code => 'OR018', p_pointer => p_pointer || '/sku_id', p_detail => format(
        'The order has no open units of %s in warehouses of yours other than %s. allocations has what is open.', p_sku_id, p_to))
    when p_from is null and p_open <> '{}'
      then app.refuse(p_code => 'OR018', p_pointer => p_pointer || '/from_warehouse_location', p_detail => format(
        'The order has open units of %s in several warehouses. Name the one that they leave: %s.', p_sku_id, v_open))
    when p_from is null or not p_open ? p_from or p_units > (p_open ->> p_from)::bigint
      then app.refuse(p_code => 'OR018', p_pointer => p_pointer || '/quantity', p_detail => format(
        'The order has no %s open units of %s%s to move. It has (in other warehouses than %s): %s.', p_units, p_sku_id,
        ' in ' || p_from, p_to, v_open))
    when p_units > p_available
      then app.refuse(p_code => 'ST001', p_pointer => p_pointer || '/quantity', p_detail => format(
        '%s has %s available units of %s%s, not %s. Nothing was moved.', p_to, p_available, p_sku_id, case when exists (
          select from orders.freshness f where f.region_id = p_region_id and f.order_id = p_order.order_id and f.sku_id = p_sku_id)
          then ' that can be sold as long as the order was promised' else '' end, p_units),
        p_facts => jsonb_build_object('sku_id', p_sku_id, 'warehouse_location', p_to, 'requested', p_units, 'available', p_available))
  end;
end
$$;

grant execute on function orders.refuse_relocation(smallint, orders.orders, text, text, bigint, text, text, jsonb, bigint)
  to scoville_definer;
