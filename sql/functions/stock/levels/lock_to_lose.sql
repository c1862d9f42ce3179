-- Locks these levels for adjustments and counts, and, if promised units may be missing then (stock.find_losses), the levels that
-- orders.resolve_shortfall needs, wherever they are. Returns those. The caller did not name them and gets no access to them: until it sets
-- its claims back, they include these warehouses.
-- Lock order: as stock.lock_to_change.
create or replace function stock.lock_to_lose(
  p_region_id smallint,
  p_drafts stock.draft[],
  p_warehouse_ids text[],
  p_sku_ids text[],
  out warehouse_ids text[],
  out sku_ids text[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_claim text[] := app.claim_warehouses();
  v_losses record;
  v_warehouses text[];
  v_skus text[];
begin
  warehouse_ids := '{}';
  sku_ids := '{}';
  select array_agg(f.warehouse_id) as warehouse_ids, array_agg(f.sku_id) as sku_ids, array_agg(f.units) as units into v_losses
    from stock.find_losses(p_region_id, p_drafts) f;
  if v_losses.units is not null then
    select r.warehouse_ids, r.sku_ids into warehouse_ids, sku_ids
      from orders.levels_to_resolve(p_region_id => p_region_id, p_warehouse_ids => v_losses.warehouse_ids,
             p_sku_ids => v_losses.sku_ids, p_units => v_losses.units) r;
    perform set_config('scoville.warehouses', array(select unnest(v_claim) union select unnest(warehouse_ids))::text, true);
  end if;
  -- Each level once: reclassify_lots counts the lots of those that it is given.
  select array_agg(k.warehouse_id), array_agg(k.sku_id) into v_warehouses, v_skus
    from (select * from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) as n (warehouse_id, sku_id)
           union
          select * from rows from (unnest(warehouse_ids), unnest(sku_ids)) as n (warehouse_id, sku_id)) k;
  perform stock.lock_to_change(p_region_id => p_region_id, p_warehouse_ids => coalesce(v_warehouses, '{}'),
    p_sku_ids => coalesce(v_skus, '{}'));
end
$$;

grant execute on function stock.lock_to_lose(smallint, stock.draft[], text[], text[]) to scoville_definer;
