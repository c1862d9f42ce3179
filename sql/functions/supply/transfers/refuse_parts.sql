-- The refusal of the first part of a draft or a shipment that names what does not exist, says no quantity or repeats another one; or null.
-- A retired SKU is sent like any other.
create or replace function supply.refuse_parts(
  p_parts supply.part[]
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  c_parts_max constant integer := 500;
begin
  if cardinality(p_parts) not between 1 and c_parts_max then
    return app.refuse(p_code => 'VA001', p_pointer => '/items', p_detail => format('Name 1 to %s items.', c_parts_max));
  end if;
  return (
    select v.refusal
      from (select u.*, '/items/' || u.item - 1 as pointer,
                   row_number() over (partition by u.sku_id, u.batch_number, coalesce(u.withheld, false) order by u.item) as nth
              from unnest(p_parts) u) p
      left join catalog.skus k on k.sku_id = p.sku_id
     cross join lateral (select case
       when k.sku_id is null then app.refuse(p_code => 'ST002', p_pointer => p.pointer || '/sku_id',
         p_detail => format('SKU %s does not exist.%s', p.sku_id, catalog.suggest_sku(p.sku_id, cardinality(p_parts))))
       when k.components <> '[]' then app.refuse(p_code => 'KT003', p_pointer => p.pointer || '/sku_id', p_detail => format(
         'SKU %s is a bundle and has no stock of its own. Name its components.', p.sku_id),
         p_facts => jsonb_build_object('components', k.components))
       when p.batch_number is not null and p.lot_id is null then app.refuse(p_code => 'ST007', p_pointer => p.pointer || '/batch_number',
         p_detail => format('%s has no lot %s. GET /v1/inventory/%s/batches lists its lots.', p.sku_id, p.batch_number, p.sku_id))
       when coalesce(p.units, 0) < 1 then app.refuse(p_code => 'VA001', p_pointer => p.pointer || '/quantity',
         p_detail => 'Say how many units: quantity must be at least 1.')
       when p.nth > 1 then app.refuse(p_code => 'VA001', p_pointer => p.pointer, p_detail => format(
         'Another item names the same units of %s. Send one item with the sum.', p.sku_id))
       end offset 0) v (refusal)
     where (v.refusal).code is not null
     order by p.item
     limit 1);
end
$$;

grant execute on function supply.refuse_parts(supply.part[]) to scoville_definer;
