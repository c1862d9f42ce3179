-- The refusal to change the items of an order that has bundles or would get one, or null.
create or replace function orders.refuse_bundles(
  p_region_id smallint,
  p_order_id bigint,
  p_items jsonb
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if orders.has_bundles(p_region_id, p_order_id)
     or exists (
       select from jsonb_array_elements(p_items) i
         join catalog.skus k on k.sku_id = i.value ->> 'sku_id'
        where k.components <> '[]') then
    return app.refuse(p_code => 'KT005', p_pointer => '/items', p_detail =>
      'The items of an order with a bundle cannot be changed. Cancel the order and place it again, or place another one for what is added.');
  end if;
  return null;
end
$$;

grant execute on function orders.refuse_bundles(smallint, bigint, jsonb) to scoville_definer;
