-- The end of a sentence about an unknown warehouse: the warehouse of the region that may have been meant, or nothing. Only one where
-- the caller may work, and as in catalog.suggest_sku.
create or replace function catalog.suggest_warehouse(
  p_region_id smallint,
  p_warehouse_id text,
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
    select format(' Did you mean %s?', w.warehouse_id)
      from catalog.warehouses w
     where w.warehouse_id = any (app.list_misspellings(p_warehouse_id)) and w.region_id = p_region_id and w.active
       and (app.reaches_all_warehouses() or w.warehouse_id = any (app.claim_warehouses()))
     order by app.casefold(w.warehouse_id) = app.casefold(p_warehouse_id) desc, w.warehouse_id
     limit 1), '');
end
$$;

grant execute on function catalog.suggest_warehouse(smallint, text, integer) to scoville_definer;
