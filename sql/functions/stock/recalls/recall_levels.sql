-- The levels that a recall of these lots needs: those that have units of them, and those of orders.levels_to_resolve.
create or replace function stock.recall_levels(
  p_region_id smallint,
  p_lot_ids bigint[],
  out warehouse_ids text[],
  out sku_ids text[]
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_places record;
begin
  select coalesce(array_agg(v.warehouse_id), '{}') as warehouse_ids, coalesce(array_agg(v.sku_id), '{}') as sku_ids,
         coalesce(array_agg(v.units), '{}') as units
    into v_places
    from (select l.warehouse_id, l.sku_id, sum(l.on_hand)::bigint as units
            from stock.lot_levels l
           where l.region_id = p_region_id and l.lot_id = any (p_lot_ids) and l.on_hand > 0
           group by l.warehouse_id, l.sku_id) v;
  select r.warehouse_ids, r.sku_ids into warehouse_ids, sku_ids
    from orders.levels_to_resolve(p_region_id => p_region_id, p_warehouse_ids => v_places.warehouse_ids, p_sku_ids => v_places.sku_ids,
           p_units => v_places.units) r;
end
$$;

grant execute on function stock.recall_levels(smallint, bigint[]) to scoville_definer;
