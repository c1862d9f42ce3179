-- The withholding that an ID (WD-<region>-<number>) names, or null. Policies show only those of the caller's warehouses.
create or replace function stock.find_withholding(
  p_region_id smallint,
  p_id text
)
  returns bigint
  language sql
  stable
  set search_path = ''
as $$
  select w.withholding_id
    from stock.withholdings w
   where w.region_id = p_region_id
     and w.withholding_id = case when p_id ~ '^WD-[0-9]{1,5}-[0-9]{1,18}$' then split_part(p_id, '-', 3)::bigint end
     and p_id = stock.withholding_public_id(p_region_id, w.withholding_id);
$$;

grant execute on function stock.find_withholding(smallint, text) to scoville_definer, admin, warehouse;
