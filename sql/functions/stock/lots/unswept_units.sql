-- The units of a level that count as for sale, but whose lots are past their last day or blocked: no sweep has taken them out yet.
-- The caller asks only where the level says that a lot has expired (next_expiry_at).
create or replace function stock.unswept_units(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text
)
  returns bigint
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return (
    select coalesce(sum(v.unwithheld), 0)
      from stock.lot_levels v
     where v.region_id = p_region_id and v.warehouse_id = p_warehouse_id and v.sku_id = p_sku_id and v.sellable)
  - (
    select coalesce(sum(l.units), 0)
      from stock.sellable_lots(p_region_id => p_region_id, p_warehouse_id => p_warehouse_id, p_sku_id => p_sku_id) l);
end
$$;

grant execute on function stock.unswept_units(smallint, text, text) to scoville_definer;
