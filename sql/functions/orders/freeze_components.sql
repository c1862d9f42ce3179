-- The components of a bundle as a line of an order keeps them. p_shipped: how many of these bundles have left already.
create or replace function orders.freeze_components(
  p_components jsonb,
  p_shipped bigint
)
  returns jsonb
  language plpgsql
  immutable
  set search_path = ''
as $$
begin
  return (
    select jsonb_agg(jsonb_build_object('sku_id', c.value -> 'sku_id', 'quantity', c.value -> 'quantity',
             'fulfilled', (c.value ->> 'quantity')::bigint * p_shipped) order by c.ordinality)
      from jsonb_array_elements(p_components) with ordinality c);
end
$$;

grant execute on function orders.freeze_components(jsonb, bigint) to scoville_definer;
