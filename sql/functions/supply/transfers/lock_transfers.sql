-- Locks transfers, and before them the levels of their SKUs at both ends (without p_with_source only at the destination; what is only
-- received changes nothing at the source). The lines decide which levels: if a draft got other ones while this transaction waited, it has to start
-- over.
-- Lock order: stock_levels of all transfers in key order (stock.lock_to_change), then transfers by id.
create or replace function supply.lock_transfers(
  p_region_id smallint,
  p_transfer_ids bigint[],
  p_with_source boolean
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
    from (select l.to_warehouse_id as warehouse_id, l.sku_id
            from supply.transfer_lines l
           where l.region_id = p_region_id and l.transfer_id = any (p_transfer_ids)
           union
          select l.from_warehouse_id, l.sku_id
            from supply.transfer_lines l
           where l.region_id = p_region_id and l.transfer_id = any (p_transfer_ids) and p_with_source) k;
  perform stock.lock_to_change(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus);
  perform from supply.transfers f
   where f.region_id = p_region_id and f.transfer_id = any (p_transfer_ids)
   order by f.transfer_id
     for no key update;
  if exists (
    select l.to_warehouse_id, l.sku_id
      from supply.transfer_lines l
     where l.region_id = p_region_id and l.transfer_id = any (p_transfer_ids)
    except
    select k.warehouse_id, k.sku_id from rows from (unnest(v_warehouses), unnest(v_skus)) as k (warehouse_id, sku_id))
  then
    raise exception using errcode = 'serialization_failure', message = 'a transfer was changed in the meantime';
  end if;
end
$$;

grant execute on function supply.lock_transfers(smallint, bigint[], boolean) to scoville_definer;
