-- The end of a sentence about an unknown SKU: the SKU that may have been meant, or nothing. Nothing in a list of more than 128
-- elements, whose refusals would take too long.
create or replace function catalog.suggest_sku(
  p_sku_id text,
  p_elements integer default 1
)
  returns text
  language plpgsql
  stable
  parallel safe
  set search_path = ''
as $$
begin
  if p_elements > 128 then
    return '';
  end if;
  return coalesce((
    select format(' Did you mean %s?', k.sku_id)
      from catalog.skus k
     where k.sku_id = any (app.list_misspellings(p_sku_id)) and k.active
     order by app.casefold(k.sku_id) = app.casefold(p_sku_id) desc, k.sku_id
     limit 1), '');
end
$$;

grant execute on function catalog.suggest_sku(text, integer) to scoville_definer, admin, warehouse, sales, integration;
