-- Definer: "low" is a statement about all warehouses, also about those whose levels the caller may not read.
-- Those of these SKUs that are low: the units that can be sold are at or below the reorder point of the SKU. Counted are
-- the warehouses that serve p_channel_id, else those of the channels of a caller who is bound to channels, else those of any
-- channel. So staff of one warehouse learn whether the SKU is low, not whether their own shelf is. A level with a reorder point of
-- its own answers for itself where only its warehouse is asked for (p_warehouse_id).
-- A bundle is never low: its components are.
-- The claim is widened while the levels are summed, because the policies bind the definer to the caller's warehouses, too.
create or replace function stock.low_skus(
  p_region_id smallint,
  p_sku_ids text[],
  p_channel_id text default null,
  p_warehouse_id text default null
)
  returns text[]
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  v_claim text[] := app.claim_warehouses();
  v_own text[] := catalog.own_warehouses(p_region_id);
  v_warehouses text[] := array(
    select s.warehouse_id
      from catalog.serving_warehouses() s
     where s.region_id = p_region_id and s.sells
       and (p_channel_id is null or s.channel_id = p_channel_id)
       and (app.claim_role() = 'warehouse' or v_own is null or s.warehouse_id = any (v_own)));
  v_low text[];
begin
  perform set_config('scoville.warehouses', array(
    select w.warehouse_id from catalog.warehouses w where w.region_id = p_region_id)::text, true);
  v_low := array(
    select k.sku_id
      from catalog.skus k
      left join (
        select l.sku_id, sum(l.available) filter (where l.warehouse_id = any (v_warehouses)) as available,
               bool_or(l.available <= l.reorder_point) filter (
                 where l.warehouse_id = p_warehouse_id and (v_own is null or l.warehouse_id = any (v_own))) as is_low_there
          from stock.stock_levels l
         where l.region_id = p_region_id and l.sku_id = any (p_sku_ids)
         group by l.sku_id) t on t.sku_id = k.sku_id
     where k.sku_id = any (p_sku_ids) and k.components = '[]'
       and coalesce(t.is_low_there, coalesce(t.available, 0) <= k.reorder_point));
  perform set_config('scoville.warehouses', coalesce(v_claim::text, ''), true);
  return v_low;
end
$$;

alter function stock.low_skus(smallint, text[], text, text) owner to scoville_definer;
grant execute on function stock.low_skus(smallint, text[], text, text) to admin, warehouse, sales, integration;
