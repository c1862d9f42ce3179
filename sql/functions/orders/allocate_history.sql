-- The allocations of historic drafts: their units left long ago, from the first warehouse of the channel. Takes nothing from a level.
create or replace function orders.allocate_history(
  p_drafts orders.draft[]
)
  returns stock.allocation[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    select stock.new_allocation(p_ordinal => u.ordinal, p_sku_id => u.sku_id, p_warehouse_id => w.warehouse_id,
             p_quantity => u.units)
      from (select d.ordinal, d.channel_id, l.sku_id, sum(l.quantity)::integer as units
              from unnest(orders.explode_drafts(p_drafts)) d
             cross join lateral rows from (unnest(d.sku_ids), unnest(d.quantities)) as l (sku_id, quantity)
             where d.historic
             group by d.ordinal, d.channel_id, l.sku_id) u
     cross join lateral (
       select c.warehouse_id
         from catalog.channel_warehouses c
        where c.channel_id = u.channel_id
        order by c.priority, c.warehouse_id
        limit 1) w
     order by u.ordinal, u.sku_id collate "C");
end
$$;

grant execute on function orders.allocate_history(orders.draft[]) to scoville_definer;
