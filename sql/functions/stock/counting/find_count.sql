-- The count that an ID (CNT-<region>-<number>) names, or null. Policies show only those of the caller's warehouses.
create or replace function stock.find_count(
  p_region_id smallint,
  p_id text
)
  returns bigint
  language sql
  stable
  set search_path = ''
as $$
  select c.count_id
    from stock.counts c
   where c.region_id = p_region_id
     and c.count_id = case when p_id ~ '^CNT-[0-9]{1,5}-[0-9]{1,18}$' then split_part(p_id, '-', 3)::bigint end
     and p_id = stock.count_public_id(p_region_id, c.count_id);
$$;

grant execute on function stock.find_count(smallint, text) to scoville_definer, admin, warehouse;
