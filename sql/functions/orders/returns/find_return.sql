-- The return that an ID (RET-<region>-<number>) names, or null. Finds only returns that the caller may see: of its channels, or to its
-- warehouses.
create or replace function orders.find_return(
  p_region_id smallint,
  p_id text
)
  returns bigint
  language sql
  stable
  set search_path = ''
as $$
  select r.return_id
    from orders.returns r
   where r.region_id = p_region_id
     and r.return_id = case when p_id ~ '^RET-[0-9]{1,5}-[0-9]{1,18}$' then split_part(p_id, '-', 3)::bigint end
     and p_id = orders.return_public_id(p_region_id, r.return_id)
     and (app.reaches_all_channels() or r.channel_id = any (app.claim_channels()) or r.warehouse_id = any (app.claim_warehouses()));
$$;

grant execute on function orders.find_return(smallint, text) to scoville_definer, admin, warehouse, sales, integration;
