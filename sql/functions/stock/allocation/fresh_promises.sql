-- The open units of a level about which orders promise something, by the day until which they must be for sale. p_except: orders to leave out.
create or replace function stock.fresh_promises(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text,
  p_except bigint[] default '{}'
)
  returns table (fresh_until date, units bigint)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select f.fresh_until, sum(a.quantity - a.fulfilled_quantity - a.released_quantity)::bigint
      from orders.freshness f
      join orders.order_allocations a
        on a.region_id = p_region_id and a.order_id = f.order_id and a.sku_id = f.sku_id and a.warehouse_id = p_warehouse_id
       and a.quantity > a.fulfilled_quantity + a.released_quantity
     where f.region_id = p_region_id and f.sku_id = p_sku_id and f.is_open and f.order_id <> all (p_except)
     group by f.fresh_until;
end
$$;

grant execute on function stock.fresh_promises(smallint, text, text, bigint[]) to scoville_definer;
