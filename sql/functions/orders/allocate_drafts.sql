-- Decides which drafts get their units. Lines of one SKU are summed first, and with them what bundles need of it: lines that share a
-- component never get the same unit. A draft that converts a reservation demands 0 units of
-- the reservation's SKUs that it does not order. Historic drafts take no units.
-- Lock order: stock_levels in key order, then reservations (stock.allocate).
create or replace function orders.allocate_drafts(
  p_region_id smallint,
  p_drafts orders.draft[],
  p_converts boolean,
  p_has_rules boolean
)
  returns stock.allocation[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_drafts orders.draft[] := orders.explode_drafts(p_drafts);
  v_demands stock.demand[];
begin
  if p_converts then
    v_demands := array(
      select stock.new_demand(p_ordinal => w.ordinal, p_sku_id => w.sku_id, p_channel_id => min(w.channel_id),
               p_quantity => least(sum(w.quantity), 2147483647)::integer, p_reservation_id => min(w.reservation_id))
        from (select d.ordinal, l.sku_id, d.channel_id, l.quantity, d.reservation_id
                from unnest(v_drafts) d
               cross join lateral rows from (unnest(d.sku_ids), unnest(d.quantities)) as l (sku_id, quantity)
               where not d.historic
               union all
              select d.ordinal, r.sku_id, d.channel_id, 0, d.reservation_id
                from unnest(v_drafts) d
                join stock.reservation_lines r on r.region_id = p_region_id and r.reservation_id = d.reservation_id) w
       group by w.ordinal, w.sku_id
       order by w.ordinal, w.sku_id collate "C");
  else
    v_demands := array(
      select stock.new_demand(p_ordinal => d.ordinal, p_sku_id => l.sku_id, p_channel_id => min(d.channel_id),
               p_quantity => least(sum(l.quantity), 2147483647)::integer)
        from unnest(v_drafts) d
       cross join lateral rows from (unnest(d.sku_ids), unnest(d.quantities)) as l (sku_id, quantity)
       where not d.historic
       group by d.ordinal, l.sku_id
       order by d.ordinal, l.sku_id collate "C");
  end if;
  if p_has_rules then
    v_demands := orders.promise_freshness(p_region_id => p_region_id, p_demands => v_demands, p_drafts => p_drafts);
  end if;
  return orders.allocate_or_wait(p_region_id, v_demands);
end
$$;

grant execute on function orders.allocate_drafts(smallint, orders.draft[], boolean, boolean) to scoville_definer;
