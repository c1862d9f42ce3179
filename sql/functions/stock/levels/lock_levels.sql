-- Locks the levels of these movements in key order, making those that do not exist yet (in key order too).
-- Lock order: levels that are to be made (stock.claim_new_levels), then stock_levels.
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
   -- One after the other in that order, by key: where it takes them for many, the planner would read all levels.
   cross join lateral (
     select l.sku_id from stock.stock_levels l
      where l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
      order by l.warehouse_id, l.sku_id
      limit 1
        for no key update of l) l;
end
$$;

grant execute on function stock.lock_levels(smallint, stock.movement[]) to scoville_definer;
