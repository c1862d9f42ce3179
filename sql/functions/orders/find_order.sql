-- The order that an ID names, or null. The ID is ours (ORD-<region>-<number>) or the channel's (external_id). Finds only orders that
-- the caller may see. If several channels use the number, returns null, because a command must not guess (orders.refuse_missing).
create or replace function orders.find_order(
  p_region_id smallint,
  p_id text
)
  returns bigint
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_id ~ '^ORD-[0-9]{1,5}-[0-9]{1,18}$' then (
      select o.order_id
        from orders.orders o
       where o.region_id = p_region_id
         and o.order_id = split_part(p_id, '-', 3)::bigint
         and p_id = orders.public_id(p_region_id, o.order_id))
    else (
      select case when count(*) = 1 then min(o.order_id) end
        from orders.orders o
       where o.region_id = p_region_id and o.external_id = normalize(p_id, nfc))
    end;
$$;

grant execute on function orders.find_order(smallint, text) to scoville_definer, admin, warehouse, sales, integration;
