-- Returns those of these levels (pairs of warehouse and SKU) that do not exist, in key order. Only this transaction may create them:
-- any other transaction that wants to waits here, before it locks a level, so the two cannot deadlock. The claim leaves no trace if
-- no level is created.
-- More than a few are locked by one lock of the region, which the others share: all locks of the server share one table.
-- A SKU that was made a bundle meanwhile gets no level: the caller's command is repeated and reads it as a bundle (no check before this
-- moment is final).
-- Lock order: advisory, the region's first, then by hash, before stock_levels; then the SKUs, in key order, as the insert of a level
-- locks them (key share, which only catalog.refuse_components does not admit).
create or replace function stock.claim_new_levels(
  p_region_id smallint,
  p_warehouse_ids text[],
  p_sku_ids text[]
)
  returns table (warehouse_id text, sku_id text)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_warehouses text[];
  v_skus text[];
begin
  select array_agg(k.warehouse_id), array_agg(k.sku_id)
    into v_warehouses, v_skus
    from (select distinct n.warehouse_id collate "C" as warehouse_id, n.sku_id collate "C" as sku_id
            from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) as n (warehouse_id, sku_id)
           order by 1, 2) k
    left join lateral (
      select true as is_there from stock.stock_levels l
       where l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
       limit 1) l on true
   where l.is_there is null;
  if v_warehouses is null then
    return;
  end if;
  if cardinality(v_skus) > app.listed_locks_max() then
    perform pg_advisory_xact_lock(hashtextextended(p_region_id::text, 3));
  else
    perform pg_advisory_xact_lock_shared(hashtextextended(p_region_id::text, 3));
    perform pg_advisory_xact_lock(h.key)
       from (select distinct hashtextextended(
                      concat_ws(E'\x1f', p_region_id, k.warehouse_id, k.sku_id), 2) as key
               from rows from (unnest(v_warehouses), unnest(v_skus)) as k (warehouse_id, sku_id)
              order by 1) h;
  end if;
  perform from catalog.skus k where k.sku_id = any (v_skus) order by k.sku_id for key share;
  if exists (select from catalog.skus k where k.sku_id = any (v_skus) and k.components <> '[]') then
    raise exception using errcode = 'serialization_failure', message = 'the SKU has just become a bundle';
  end if;
  return query
    select k.* from rows from (unnest(v_warehouses), unnest(v_skus)) as k (warehouse_id, sku_id);
end
$$;

grant execute on function stock.claim_new_levels(smallint, text[], text[]) to scoville_definer;
