-- The lines of a return that a request asks for: the units of each item, taken from the parcels that have them, the earliest first, or
-- from the parcel that the item names; or the refusal, because more were asked for than were shipped and are not announced yet. Without
-- an order every item is a line.
create or replace function orders.split_return(
  p_region_id smallint,
  p_order_id bigint,
  p_items jsonb,
  out lines jsonb,
  out refusal api.refusal
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_left jsonb := (
    select jsonb_agg(to_jsonb(u) order by u.fulfillment_id, u.sku_id) from orders.returnable_units(p_region_id, p_order_id) u);
  v_item record;
  v_wanted bigint;
  v_units bigint;
begin
  lines := '[]';
  for v_item in
    select e.ordinality - 1 as at, e.value ->> 'sku_id' as sku_id, (e.value ->> 'quantity')::bigint as quantity,
           e.value ->> 'fulfillment_id' as parcel
      from jsonb_array_elements(p_items) with ordinality e
     order by e.ordinality
  loop
    v_wanted := v_item.quantity;
    if p_order_id is null then
      lines := lines || jsonb_build_object('sku_id', v_item.sku_id, 'quantity', v_wanted);
      continue;
    end if;
    for i in 0 .. coalesce(jsonb_array_length(v_left), 0) - 1 loop
      continue when v_left -> i ->> 'sku_id' <> v_item.sku_id or v_wanted = 0
        or v_item.parcel is not null and v_item.parcel is distinct from 'FUL-' || p_region_id || '-' || (v_left -> i ->> 'fulfillment_id');
      v_units := least(v_wanted, (v_left -> i ->> 'units')::bigint);
      continue when v_units <= 0;
      lines := lines || jsonb_build_object('sku_id', v_item.sku_id, 'quantity', v_units, 'fulfillment_id', v_left -> i -> 'fulfillment_id',
        'warehouse_id', v_left -> i -> 'warehouse_id');
      v_left := jsonb_set(v_left, array[i::text, 'units'], to_jsonb((v_left -> i ->> 'units')::bigint - v_units));
      v_wanted := v_wanted - v_units;
    end loop;
    if v_wanted > 0 then
      refusal := app.refuse(p_code => 'RT002', p_pointer => format('/items/%s/quantity', v_item.at), p_detail => format(
        '%s of the %s units of %s were not shipped%s, or are announced by another return.', v_wanted, v_item.quantity, v_item.sku_id,
        case when v_item.parcel is not null then ' in ' || v_item.parcel else '' end),
        p_facts => jsonb_build_object('sku_id', v_item.sku_id, 'available', v_item.quantity - v_wanted));
      return;
    end if;
  end loop;
end
$$;

grant execute on function orders.split_return(smallint, bigint, jsonb) to scoville_definer;
