-- The transfer that an ID (TRF-<region>-<number>) names, or null. Policies show only those from or to the caller's warehouses.
create or replace function supply.find_transfer(
  p_region_id smallint,
  p_id text
)
  returns bigint
  language sql
  stable
  set search_path = ''
as $$
  select f.transfer_id
    from supply.transfers f
   where f.region_id = p_region_id
     and f.transfer_id = case when p_id ~ '^TRF-[0-9]{1,5}-[0-9]{1,18}$' then split_part(p_id, '-', 3)::bigint end
     and p_id = supply.transfer_public_id(p_region_id, f.transfer_id);
$$;

grant execute on function supply.find_transfer(smallint, text) to scoville_definer, admin, warehouse;
