-- Locks the levels of these movements in key order, making those that do not exist yet (in key order too).
create or replace function stock.lock_levels(
  p_region_id smallint,
  p_movements stock.movement[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  insert into stock.stock_levels (region_id, warehouse_id, sku_id)
  select distinct p_region_id, m.warehouse_id, m.sku_id
    from pg_catalog.unnest(p_movements) m
   where not exists (
     select from stock.stock_levels l
      where l.region_id = p_region_id and l.warehouse_id = m.warehouse_id and l.sku_id = m.sku_id)
   order by m.warehouse_id, m.sku_id
  on conflict do nothing;
  perform from (select distinct m.warehouse_id, m.sku_id from pg_catalog.unnest(p_movements) m) k
    join stock.stock_levels l
      on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
   order by l.warehouse_id, l.sku_id
     for no key update of l;
end
$$;

grant execute on function stock.lock_levels(smallint, stock.movement[]) to scoville_definer;
