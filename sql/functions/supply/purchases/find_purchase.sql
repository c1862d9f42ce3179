-- The purchase that an ID (PUR-<region>-<number>) names, or null. Policies show only those for the caller's warehouses.
create or replace function supply.find_purchase(
  p_region_id smallint,
  p_id text
)
  returns bigint
  language sql
  stable
  set search_path = ''
as $$
  select p.purchase_id
    from supply.purchases p
   where p.region_id = p_region_id
     and p.purchase_id = case when p_id ~ '^PUR-[0-9]{1,5}-[0-9]{1,18}$' then split_part(p_id, '-', 3)::bigint end
     and p_id = supply.purchase_public_id(p_region_id, p.purchase_id);
$$;

grant execute on function supply.find_purchase(smallint, text) to scoville_definer, admin, warehouse;
