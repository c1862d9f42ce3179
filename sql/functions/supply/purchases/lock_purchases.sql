-- Locks purchases, and before them the levels of their SKUs (and of p_sku_ids, which a change adds). The lines decide which levels: if a purchase
-- got other ones while this transaction waited, it has to start over.
-- Lock order: stock_levels of all purchases in key order (stock.lock_to_change), then purchases by id. Who holds a purchase may lock the orders
-- that wait for its units: nobody asks for a purchase while holding an order.
create or replace function supply.lock_purchases(
  p_region_id smallint,
  p_purchase_ids bigint[],
  p_sku_ids text[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_warehouses text[];
  v_skus text[];
begin
  select coalesce(array_agg(k.warehouse_id), '{}'), coalesce(array_agg(k.sku_id), '{}') into v_warehouses, v_skus
    from (select l.warehouse_id, l.sku_id
            from supply.purchase_lines l
           where l.region_id = p_region_id and l.purchase_id = any (p_purchase_ids)
           union
          select p.warehouse_id, k.sku_id
            from supply.purchases p
            join catalog.skus k on k.sku_id = any (p_sku_ids) and k.components = '[]'
           where p.region_id = p_region_id and p.purchase_id = any (p_purchase_ids)) k;
  perform stock.lock_to_change(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus);
  perform from supply.purchases p
   where p.region_id = p_region_id and p.purchase_id = any (p_purchase_ids)
   order by p.purchase_id
     for no key update;
  if exists (
    select l.warehouse_id, l.sku_id
      from supply.purchase_lines l
     where l.region_id = p_region_id and l.purchase_id = any (p_purchase_ids)
    except
    select k.warehouse_id, k.sku_id from rows from (unnest(v_warehouses), unnest(v_skus)) as k (warehouse_id, sku_id))
  then
    raise exception using errcode = 'serialization_failure', message = 'a purchase was changed in the meantime';
  end if;
end
$$;

grant execute on function supply.lock_purchases(smallint, bigint[], text[]) to scoville_definer;
