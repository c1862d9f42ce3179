-- The levels at which these drafts may take promised units, and how many of them at most. Locks nothing, so the verdict (stock.adjust_level,
-- under the locks) can be that there is enough; it looks at more levels than it has to, never at fewer. A level with a lot that expires
-- now counts as if nothing of it were available, because nobody has looked through its lots yet.
create or replace function stock.find_losses(
  p_region_id smallint,
  p_drafts stock.draft[]
)
  returns table (warehouse_id text, sku_id text, units bigint)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select l.warehouse_id, l.sku_id, n.units
      from (select d.warehouse_id, d.sku_id, sum(greatest(0, coalesce(-d.delta,
                     case when d.batch_number is null then w.on_hand else coalesce(v.on_hand, 0) end - d.counted)))::bigint as losses
              from unnest(p_drafts) d
              join stock.stock_levels w
                on w.region_id = p_region_id and w.warehouse_id = d.warehouse_id and w.sku_id = d.sku_id
              left join stock.lot_levels v
                on v.region_id = p_region_id and v.warehouse_id = d.warehouse_id and v.sku_id = d.sku_id and v.lot_id = d.lot_id
             group by d.warehouse_id, d.sku_id) c
      join stock.stock_levels l
        on l.region_id = p_region_id and l.warehouse_id = c.warehouse_id and l.sku_id = c.sku_id
     cross join lateral (
       select c.losses + l.shortfall - case when l.next_expiry_at <= app.now() then 0 else l.available end as units) n
     where c.losses > 0 and n.units > 0 and l.reserved + l.committed + l.safety_stock > 0;
end
$$;

grant execute on function stock.find_losses(smallint, stock.draft[]) to scoville_definer;
