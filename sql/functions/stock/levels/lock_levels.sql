-- Locks the levels of these movements in key order and creates the missing ones, also in key order.
-- Lock order: levels to be created (stock.claim_new_levels), then stock_levels.
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
  select p_region_id, k.warehouse_id, k.sku_id
    from stock.claim_new_levels(p_region_id => p_region_id,
           p_warehouse_ids => array(select m.warehouse_id from unnest(p_movements) m),
           p_sku_ids => array(select m.sku_id from unnest(p_movements) m)) k
  on conflict do nothing;
  perform from (select distinct m.warehouse_id collate "C" as warehouse_id, m.sku_id collate "C" as sku_id
                  from unnest(p_movements) m
                 order by 1, 2) k
   -- One lookup by key per level, in that order: with a join the planner might read all levels.
   cross join lateral (
     select l.sku_id from stock.stock_levels l
      where l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
      order by l.warehouse_id, l.sku_id
      limit 1
        for no key update of l) l;
end
$$;

grant execute on function stock.lock_levels(smallint, stock.movement[]) to scoville_definer;
