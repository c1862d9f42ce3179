-- The components of a bundle as a line of an order keeps them. A historic order has shipped all its bundles.
create or replace function orders.freeze_components(
  p_components jsonb,
  p_historic boolean,
  p_quantity bigint
)
  returns jsonb
  language plpgsql
  immutable
  set search_path = ''
as $$
begin
  return (
    select jsonb_agg(jsonb_build_object('sku_id', c.value -> 'sku_id', 'quantity', c.value -> 'quantity',
             'fulfilled', case when p_historic then (c.value ->> 'quantity')::bigint * p_quantity else 0 end) order by c.ordinality)
      from jsonb_array_elements(p_components) with ordinality c);
end
$$;

grant execute on function orders.freeze_components(jsonb, boolean, bigint) to scoville_definer;
