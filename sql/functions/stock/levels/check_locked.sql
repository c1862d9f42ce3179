-- Raises if some of the needed levels are not among the locked ones (pairs of warehouse and SKU each): something came in between, and the
-- transaction has to start over, because levels come first in the lock order.
create or replace function stock.check_locked(
  p_warehouse_ids text[],
  p_sku_ids text[],
  p_locked_warehouse_ids text[],
  p_locked_sku_ids text[]
)
  returns void
  language plpgsql
  immutable
  set search_path = ''
as $$
begin
  if exists (
    select from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) as n (warehouse_id, sku_id)
     where (n.warehouse_id, n.sku_id) not in (
       select k.warehouse_id, k.sku_id
         from rows from (unnest(p_locked_warehouse_ids), unnest(p_locked_sku_ids)) as k (warehouse_id, sku_id)))
  then
    raise exception using errcode = 'serialization_failure', message = 'units were promised in the meantime';
  end if;
end
$$;

grant execute on function stock.check_locked(text[], text[], text[], text[]) to scoville_definer;
