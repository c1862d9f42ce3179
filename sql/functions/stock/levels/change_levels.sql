-- Carries out adjustments and counts: locks everything once, decides level by level (levels are independent of each other), posts
-- all movements together, and returns the drafts that were carried out, in order, with the lots that each changed, and the refusals
-- of the others. Promises of units that are not there any more are withdrawn in the same posting (orders.resolve_shortfall).
-- Lock order: as stock.lock_to_lose; then lots, reservations and orders.
create or replace function stock.change_levels(
  p_region_id smallint,
  p_drafts stock.draft[],
  out p_accepted stock.draft[],
  out p_refusals api.result[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_claim text[] := app.claim_warehouses();
  v_warehouses text[];
  v_skus text[];
  v_locked record;
  v_level record;
  v_movements stock.movement[] := '{}';
  v_missing bigint[] := '{}';
begin
  p_accepted := '{}';
  p_refusals := '{}';
  select coalesce(array_agg(k.warehouse_id order by k.warehouse_id, k.sku_id), '{}'),
         coalesce(array_agg(k.sku_id order by k.warehouse_id, k.sku_id), '{}')
    into v_warehouses, v_skus
    from (select distinct d.warehouse_id collate "C" as warehouse_id, d.sku_id collate "C" as sku_id
            from unnest(p_drafts) d) k;
  select l.warehouse_ids, l.sku_ids into v_locked
    from stock.lock_to_lose(p_region_id => p_region_id, p_drafts => p_drafts, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus) l;
  for i in 1 .. cardinality(v_warehouses) loop
    select a.p_movements as movements, a.p_accepted as accepted, a.p_refusals as refusals, a.p_missing as missing into v_level
      from stock.adjust_level(p_region_id => p_region_id, p_warehouse_id => v_warehouses[i], p_sku_id => v_skus[i],
             p_drafts => array(select d from unnest(p_drafts) d
                                where d.warehouse_id = v_warehouses[i] and d.sku_id = v_skus[i]
                                order by d.ordinal)) a;
    v_movements := v_movements || v_level.movements;
    p_accepted := p_accepted || v_level.accepted;
    p_refusals := p_refusals || v_level.refusals;
    v_missing := v_missing || v_level.missing;
  end loop;
  if 0 < any (v_missing) then
    v_movements := stock.cover_losses(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus,
      p_missing => v_missing, p_movements => v_movements, p_locked_warehouse_ids => v_locked.warehouse_ids,
      p_locked_sku_ids => v_locked.sku_ids) || v_movements;
  end if;
  if cardinality(v_movements) > 0 then
    perform stock.post_movements(p_region_id, v_movements);
  end if;
  perform set_config('scoville.warehouses', coalesce(v_claim::text, ''), true);
  p_accepted := array(select d from unnest(p_accepted) d order by d.ordinal);
  delete from stock.count_requests r
   using unnest(p_accepted) d
   where r.region_id = p_region_id and r.warehouse_id = d.warehouse_id and r.sku_id = d.sku_id and d.counted is not null;
end
$$;

grant execute on function stock.change_levels(smallint, stock.draft[]) to scoville_definer;
