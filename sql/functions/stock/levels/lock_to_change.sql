-- Locks these levels (pairs of warehouse and SKU) for a change by hand. First applies changes that are due and that the worker has
-- not swept yet: it ends expired reservations of these SKUs, cancels unpaid orders whose time is over, and moves expired lots out of
-- the available units, so none of them blocks an adjustment, a count or a change of safety stock.
-- What is over may hold units of warehouses outside the caller's claims. It ends no matter who notices. While it does, the claims
-- include those warehouses too; the caller did not name them and gets no access to them.
-- Lock order: levels to be created (stock.claim_new_levels); stock_levels in key order (with those of what is over),
-- then lot_levels, reservations, orders.
create or replace function stock.lock_to_change(
  p_region_id smallint,
  p_warehouse_ids text[],
  p_sku_ids text[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_claim text[] := app.claim_warehouses();
  v_overdue record := stock.find_overdue(p_region_id, p_sku_ids);
  v_warehouses text[] := p_warehouse_ids || v_overdue.warehouse_ids;
  v_skus text[] := p_sku_ids || v_overdue.held_sku_ids;
begin
  if cardinality(v_overdue.warehouse_ids) > 0 then
    perform set_config('scoville.warehouses', array(select unnest(v_claim) union select unnest(v_overdue.warehouse_ids))::text, true);
  end if;
  perform from stock.claim_new_levels(p_region_id => p_region_id, p_warehouse_ids => p_warehouse_ids,
    p_sku_ids => p_sku_ids);
  perform from (select distinct k.warehouse_id, k.sku_id
                  from rows from (unnest(v_warehouses), unnest(v_skus)) as k (warehouse_id, sku_id)) k
    join stock.stock_levels l
      on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
   order by l.warehouse_id, l.sku_id
     for no key update of l;
  perform stock.reclassify_lots(p_region_id => p_region_id, p_warehouse_ids => p_warehouse_ids, p_sku_ids => p_sku_ids);
  if cardinality(v_overdue.warehouse_ids) > 0 then
    perform stock.end_overdue(p_region_id => p_region_id, p_reservation_ids => v_overdue.reservation_ids,
      p_unpaid_ids => v_overdue.order_ids, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus);
    perform set_config('scoville.warehouses', coalesce(v_claim::text, ''), true);
  end if;
end
$$;

grant execute on function stock.lock_to_change(smallint, text[], text[]) to scoville_definer;
