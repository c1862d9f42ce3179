-- The recall that an ID (RCL-<region>-<number>) names, or null. Policies show only those that concern the caller.
create or replace function stock.find_recall(
  p_region_id smallint,
  p_id text
)
  returns bigint
  language sql
  stable
  set search_path = ''
as $$
  select r.recall_id
    from stock.recalls r
   where r.region_id = p_region_id
     and r.recall_id = case when p_id ~ '^RCL-[0-9]{1,5}-[0-9]{1,18}$' then split_part(p_id, '-', 3)::bigint end
     and p_id = stock.recall_public_id(p_region_id, r.recall_id);
$$;

grant execute on function stock.find_recall(smallint, text) to scoville_definer, admin, warehouse, sales;
