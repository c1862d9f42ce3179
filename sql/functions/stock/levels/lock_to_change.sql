-- Locks these levels (pairs of warehouse and SKU) for a change by hand. First applies changes that are due and that the worker has
-- not swept yet: it ends expired reservations on them and moves expired lots out of the available units, so neither blocks an
-- adjustment, a count or a change of safety stock.
-- A reservation may include warehouses outside the caller's claims. It expires no matter who notices. While it is ended, the claims
-- include those warehouses too; the caller did not name them and gets no access to them.
-- Lock order: levels to be created (stock.claim_new_levels); stock_levels in key order (with those of the reservations),
-- then lot_levels, then reservations.
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
  v_expired bigint[] := array(
    select distinct r.reservation_id
      from stock.reservations r
      join stock.reservation_lines l on l.region_id = p_region_id and l.reservation_id = r.reservation_id
      join rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) as k (warehouse_id, sku_id)
        on k.warehouse_id = l.warehouse_id and k.sku_id = l.sku_id
     where r.region_id = p_region_id and r.status = 'active' and r.expires_at <= app.now());
begin
  if cardinality(v_expired) > 0 then
    perform set_config('scoville.warehouses', array(
      select unnest(v_claim)
       union
      select l.warehouse_id
        from stock.reservation_lines l
       where l.region_id = p_region_id and l.reservation_id = any (v_expired))::text, true);
  end if;
  perform from stock.claim_new_levels(p_region_id => p_region_id, p_warehouse_ids => p_warehouse_ids,
    p_sku_ids => p_sku_ids);
  perform from (
      select k.warehouse_id, k.sku_id
        from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) as k (warehouse_id, sku_id)
       union
      select l.warehouse_id, l.sku_id
        from stock.reservation_lines l
       where l.region_id = p_region_id and l.reservation_id = any (v_expired)) k
    join stock.stock_levels l
      on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
   order by l.warehouse_id, l.sku_id
     for no key update of l;
  perform stock.reclassify_lots(p_region_id => p_region_id, p_warehouse_ids => p_warehouse_ids, p_sku_ids => p_sku_ids);
  if cardinality(v_expired) > 0 then
    perform stock.end_reservations(p_region_id => p_region_id, p_reservation_ids => v_expired, p_status => 'expired',
      p_actor => 'system');
    perform set_config('scoville.warehouses', coalesce(v_claim::text, ''), true);
  end if;
end
$$;

grant execute on function stock.lock_to_change(smallint, text[], text[]) to scoville_definer;
