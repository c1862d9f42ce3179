-- Whether all components of a bundle are for sale; a retired one ends the sale of the bundle.
create or replace function catalog.sells_components(
  p_components jsonb
)
  returns boolean
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return not exists (
    select from jsonb_to_recordset(p_components) as c (sku_id text)
      join catalog.skus k on k.sku_id = c.sku_id
     where not k.active);
end
$$;

grant execute on function catalog.sells_components(jsonb) to scoville_definer;
