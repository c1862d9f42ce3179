-- The refusal of a new return, or null: the first fault in the order in which a caller would fix them.
create or replace function orders.refuse_return_request(
  p_region_id smallint,
  p_order_id bigint,
  p_channel_id text,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_fault record;
begin
  if p_request ->> 'order_id' is not null and p_order_id is null then
    return orders.refuse_missing(p_region_id, p_request ->> 'order_id');
  elsif p_channel_id is null then
    return app.refuse(p_code => 'OR009', p_pointer => '/channel',
      p_detail => 'Your token has several channels or none: name the channel of this return, or its order.');
  elsif p_order_id is null and not exists (
    select from catalog.channels c
     where c.channel_id = p_channel_id and c.region_id = p_region_id
       and (app.reaches_all_channels() or c.channel_id = any (app.claim_channels()))) then
    return app.refuse(p_code => 'OR008', p_pointer => '/channel',
      p_detail => format('Channel %s does not exist or is not yours.', p_channel_id));
  elsif coalesce(app.clean(p_request ->> 'reason'), '') = '' then
    return app.refuse(p_code => 'VA001', p_pointer => '/reason', p_detail => 'Say why the units come back: reason is missing.');
  elsif p_order_id is null and coalesce(app.clean(p_request ->> 'note'), '') = '' then
    return app.refuse(p_code => 'VA001', p_pointer => '/note', p_detail => 'Without an order, a note says where the units were bought.');
  elsif coalesce(jsonb_array_length(p_request -> 'items'), 0) = 0 then
    return app.refuse(p_code => 'VA001', p_pointer => '/items', p_detail => 'Name at least one SKU with its quantity.');
  end if;
  select '/items/' || e.ordinality - 1 as pointer, e.value ->> 'sku_id' as sku_id, k.sku_id is not null as is_known, k.components
    into v_fault
    from jsonb_array_elements(p_request -> 'items') with ordinality e
    left join catalog.skus k on k.sku_id = e.value ->> 'sku_id'
   where k.sku_id is null or k.components <> '[]' or coalesce((e.value ->> 'quantity')::bigint, 0) <= 0
   order by e.ordinality
   limit 1;
  if found then
    return case
      when not v_fault.is_known then app.refuse(p_code => 'ST002', p_pointer => v_fault.pointer || '/sku_id',
        p_detail => format('SKU %s does not exist.%s', v_fault.sku_id, catalog.suggest_sku(v_fault.sku_id, 1)))
      when v_fault.components <> '[]' then app.refuse(p_code => 'KT003', p_pointer => v_fault.pointer || '/sku_id', p_detail => format(
        'SKU %s is a bundle and comes back as its components. Name these.', v_fault.sku_id),
        p_facts => jsonb_build_object('components', v_fault.components))
      else app.refuse(p_code => 'VA001', p_pointer => v_fault.pointer || '/quantity', p_detail => 'Say how many units: at least 1.') end;
  elsif p_request ->> 'warehouse_location' is null and p_order_id is null then
    return app.refuse(p_code => 'VA001', p_pointer => '/warehouse_location',
      p_detail => 'Without an order, say where the units go: warehouse_location is missing.');
  elsif p_request ->> 'warehouse_location' is not null and not exists (
    select from catalog.warehouses w
     where w.warehouse_id = p_request ->> 'warehouse_location' and w.region_id = p_region_id and w.active) then
    return app.refuse(p_code => 'ST003', p_pointer => '/warehouse_location',
      p_detail => format('Warehouse %s does not exist or is retired.', p_request ->> 'warehouse_location'));
  end if;
  return null;
end
$$;

grant execute on function orders.refuse_return_request(smallint, bigint, text, jsonb) to scoville_definer;
